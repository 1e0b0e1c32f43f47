CREATE TABLE productlines (productLine VARCHAR(50) PRIMARY KEY, textDescription VARCHAR(4000) DEFAULT NULL,
  htmlDescription MEDIUMTEXT, image MEDIUMBLOB) ENGINE=InnoDB;
CREATE TABLE customers (customerNumber INT PRIMARY KEY, customerName VARCHAR(50) NOT NULL, phone VARCHAR(50) NOT NULL,
  salesRepEmployeeNumber INT DEFAULT NULL, creditLimit DECIMAL(10,2) DEFAULT NULL) ENGINE=InnoDB;
CREATE TABLE orders (orderNumber INT PRIMARY KEY, orderDate DATE NOT NULL, requiredDate DATE NOT NULL, shippedDate DATE DEFAULT NULL,
  status VARCHAR(15) NOT NULL, comments TEXT, customerNumber INT NOT NULL) ENGINE=InnoDB;
CREATE TABLE orderdetails (orderNumber INT NOT NULL, productCode VARCHAR(15) NOT NULL, quantityOrdered INT NOT NULL,
  priceEach DECIMAL(10,2) NOT NULL, orderLineNumber SMALLINT NOT NULL, PRIMARY KEY (orderNumber, productCode)) ENGINE=InnoDB;
CREATE TABLE payments (customerNumber INT NOT NULL, checkNumber VARCHAR(50) NOT NULL, paymentDate DATE NOT NULL,
  amount DECIMAL(10,2) NOT NULL, PRIMARY KEY (customerNumber, checkNumber)) ENGINE=InnoDB;
INSERT INTO productlines SELECT CONCAT('Línea ', seq), REPEAT('x', seq * 100), IF(seq = 3, REPEAT('<p>ñ</p>', 9000), NULL),
  IF(seq = 2, UNHEX(REPEAT('00FFAB', 30000)), NULL) FROM seq_1_to_7;
INSERT INTO customers SELECT 100 + seq, CONCAT('Atelier ', seq), '40.32.2555', IF(seq % 9, 1000 + seq, NULL), seq * 100.10 FROM seq_1_to_122;
INSERT INTO orders SELECT 10100 + seq, '2003-01-06' + INTERVAL seq % 60 DAY, '2003-01-13' + INTERVAL seq DAY,
  IF(seq % 20, '2003-01-10' + INTERVAL seq DAY, NULL), 'Shipped', IF(seq % 4, NULL, 'Cliente difícil\nllamar'), 101 + seq % 122 FROM seq_1_to_326;
INSERT INTO orderdetails SELECT 10100 + 1 + seq % 326, CONCAT('S', LPAD(seq DIV 326, 2, '0'), '_', 1000 + seq), 20 + seq % 50,
  30 + seq % 100 + 0.05, 1 + seq % 18 FROM seq_1_to_2996;
INSERT INTO payments SELECT 101 + seq % 122, CONCAT(CHAR(65 + seq % 26), IF(seq % 2, 'x', 'X'), LPAD(seq, 6, '0')),
  '2004-10-19' + INTERVAL seq % 40 DAY, 500 + seq * 13.37 FROM seq_1_to_2730;
