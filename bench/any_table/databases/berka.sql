CREATE TABLE account (account_id INT NOT NULL PRIMARY KEY, district_id INT NOT NULL, frequency VARCHAR(20) NOT NULL, `date` DATE NOT NULL) ENGINE=InnoDB;
CREATE TABLE trans (trans_id INT NOT NULL PRIMARY KEY, account_id INT NOT NULL, `date` DATE NOT NULL, `type` VARCHAR(10) NOT NULL,
  operation VARCHAR(20), amount DECIMAL(10,2) NOT NULL, balance DECIMAL(12,2) NOT NULL, k_symbol VARCHAR(12), bank CHAR(2),
  `account` INT, KEY (`date`)) ENGINE=InnoDB DEFAULT CHARSET=latin2;
