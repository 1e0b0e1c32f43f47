-- number_records.sql · a CSV's broken records were left out while reading: those after them get their own numbers
UPDATE crudo SET fila = crudo.fila + rotos.antes
FROM (
    SELECT
        c.fila,
        COUNT(*) AS antes
    FROM crudo AS c
    INNER JOIN (
        SELECT registro - ROW_NUMBER() OVER (ORDER BY registro) AS buenos
        FROM (SELECT DISTINCT line - 1 AS registro FROM reject_errors) AS r
    ) AS e ON c.fila > e.buenos
    GROUP BY c.fila
) AS rotos
WHERE crudo.fila = rotos.fila;
