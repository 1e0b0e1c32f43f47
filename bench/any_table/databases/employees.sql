CREATE TABLE employees (emp_no INT NOT NULL PRIMARY KEY, birth_date DATE NOT NULL, first_name VARCHAR(14) NOT NULL,
  last_name VARCHAR(16) NOT NULL, gender ENUM('M','F') NOT NULL, hire_date DATE NOT NULL) ENGINE=InnoDB;
CREATE TABLE salaries (emp_no INT NOT NULL, salary INT NOT NULL, from_date DATE NOT NULL, to_date DATE NOT NULL,
  PRIMARY KEY (emp_no, from_date)) ENGINE=InnoDB;
CREATE TABLE titles (emp_no INT NOT NULL, title VARCHAR(50) NOT NULL, from_date DATE NOT NULL, to_date DATE,
  PRIMARY KEY (emp_no, title, from_date)) ENGINE=InnoDB;
INSERT INTO employees SELECT 10000 + seq, '1953-09-02' + INTERVAL seq DAY, 'Georgi', 'Facello', 1 + seq % 2,
  '1986-06-26' + INTERVAL seq % 30 DAY FROM seq_1_to_3000;
INSERT INTO salaries SELECT 10001 + seq % 3000, 40000 + seq, '1986-06-26' + INTERVAL seq DIV 3000 * 365 DAY,
  IF(seq DIV 3000 = 7, '9999-01-01', '1987-06-26' + INTERVAL seq DIV 3000 * 365 DAY) FROM seq_0_to_23999;
INSERT INTO titles SELECT 10001 + seq % 3000, ELT(1 + seq DIV 3000, 'Senior Engineer', 'Staff'), '1986-06-26',
  IF(seq % 3, '9999-01-01', NULL) FROM seq_0_to_5999;
