"""Words of the generated data: Mexican names with accents, and free text that breaks careless escaping."""

from __future__ import annotations

GIVEN_NAMES = (
    "María Guadalupe", "José Luis", "Juan Carlos", "Verónica", "Ángel", "Begoña", "Íñigo", "Lucía", "Óscar", "Úrsula",
    "María de los Ángeles", "Francisco Javier", "Martín", "Inés", "Sofía", "Jesús", "Rocío", "Raúl", "Xóchitl",
    "Cuauhtémoc", "Citlalli", "Nahúm", "Araceli", "Ramón", "Belén", "Joaquín", "Concepción", "Héctor", "Yolanda", "Noé",
)  # fmt: skip
FAMILY_NAMES = (
    "Hernández", "García", "Martínez", "López", "González", "Pérez", "Rodríguez", "Sánchez", "Ramírez", "Núñez",
    "Muñoz", "Peña", "Ibáñez", "Zúñiga", "Ordóñez", "Chávez", "Güereña", "Agüero", "Treviño", "Cantú", "Villaseñor",
    "De la O", "O'Farrill", "Ávila", "Ríos", "Ek", "Tzuc", "Canché", "Yáñez", "Castañeda",
)  # fmt: skip
STATES = ("DF", "MC", "JC", "NL", "BC", "SR", "QR", "CH", "TS", "YN", "OC", "CS", "VZ", "PL", "GT")

# What a branch's clerk or till writes into `otros_datos`: None is NULL; the second half is what breaks a pipeline.
NOTES: tuple[str | None, ...] = (
    None,
    None,
    None,
    None,
    '{"canal":"ventanilla"}',
    '{"canal":"app","version":"4.2"}',
    "Pago puntual",
    "Abonó en efectivo; dejó recibo",
    "Señora Muñoz pagó por su mamá",
    'Dijo: "mañana liquido"',
    "It's O'Farrill's",
    "caja\t3\tturno\tB",
    "línea 1\nlínea 2",
    "renglón\r\ncon CRLF",
    "C:\\sucursal\\recibos\\n.txt",
    "pagó 💵 con 😀 y 🇲🇽",
    "",
    "NULL",
    "\\N",
    "  espacios al final  ",
    "a,b;c|d",
    "ñandú (n + tilde combinada: n\u0303)",
)
LONGEST_NOTE = "💰" * 256  # 256 characters, 1,024 bytes: the widest value the column can hold
