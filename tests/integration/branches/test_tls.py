"""Links to a MariaDB that demands TLS, with the branches' authority pinned by the contract."""

import ipaddress
from contextlib import closing
from datetime import UTC, datetime, timedelta

import MySQLdb
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from local.aws.testing import free_port
from local.branches.server import MariaDB
from local.branches.settings import Settings
from podemos.branches.link import Link, Trouble, trouble_of
from podemos.branches.outside import Server
from podemos.contracts.branches import Extraction
from podemos.core.errors import ContractViolation

USER, PASSWORD = "sucursal_001", "no-es-secreta-aqui"


class Authority:
    """Signs certificates for 127.0.0.1."""

    def __init__(self, name):
        self.key, self.name = ec.generate_private_key(ec.SECP256R1()), _name(name)
        self.certificate = self._signed(self.name, self.key.public_key(), authority=True)

    def issue(self, folder, stem, address="127.0.0.1"):
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(_name(stem), key.public_key(), address=address)
        (folder / f"{stem}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{stem}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )

    def pem(self):
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def _signed(self, name, public, *, authority=False, address=None):
        now = datetime.now(UTC)
        builder = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(self.name)
            .public_key(public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        )
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
            builder = builder.add_extension(names, critical=False)
        return builder.sign(self.key, hashes.SHA256())


class Encrypted(MariaDB):
    """The simulator's server with a certificate, or without."""

    certificate = None

    def _arguments(self):
        if self.certificate is None:
            return [*super()._arguments(), "--skip-ssl"]
        pair = [f"--ssl-cert={self.folder}/{self.certificate}.pem", f"--ssl-key={self.folder}/{self.certificate}.key"]
        return [*super()._arguments(), *pair, f"--ssl-ca={self.folder}/ca.pem"]

    def again(self, certificate):
        self.stop()
        self.certificate = certificate
        self.start()


def _name(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tls")
    found = Encrypted(Settings(folder, port=free_port(), branches=1))
    found.folder.mkdir(parents=True)
    ours, theirs = Authority("sucursales"), Authority("otra")
    (found.folder / "ca.pem").write_bytes(ours.pem())
    ours.issue(found.folder, "good")
    ours.issue(found.folder, "elsewhere", address="127.0.0.9")
    theirs.issue(found.folder, "foreign")
    for path in [*found.folder.glob("*.key"), *found.folder.glob("*.pem")]:
        path.chmod(0o644)  # the server may run as another user
    found.certificate = "good"
    found.start()
    with closing(found.connect()) as root:
        cursor = root.cursor()
        cursor.execute(f"CREATE DATABASE {USER}")
        cursor.execute(f"CREATE TABLE {USER}.pagos (id_pago BIGINT PRIMARY KEY)")
        cursor.execute(f"INSERT INTO {USER}.pagos VALUES (1), (2)")
        cursor.execute("CREATE USER %s@'%%' IDENTIFIED BY %s REQUIRE SSL", (USER, PASSWORD))
        cursor.execute(f"GRANT SELECT ON {USER}.* TO %s@'%%'", (USER,))
    yield found
    found.stop()


@pytest.fixture
def limits(server, tmp_path, monkeypatch):
    """The contract as a configuration folder of one's own states it."""
    (tmp_path / "branches_ca.pem").write_bytes((server.folder / "ca.pem").read_bytes())
    monkeypatch.setenv("PODEMOS_CONFIG", str(tmp_path))
    return Extraction(tables=("pagos",), tls_ca="branches_ca.pem", connect_seconds=3, statement_seconds=3)


def open_link(server, limits):
    return Server("127.0.0.1", server.port, USER, PASSWORD, USER).connect(limits)


def refused(server, limits):
    with pytest.raises(MySQLdb.Error) as caught:
        open_link(server, limits)
    return trouble_of(caught.value), str(caught.value)


def test_a_link_is_encrypted_and_reads_what_it_reads_without(server, limits):
    link = Link(open_link(server, limits), statement_seconds=3)
    try:
        ((_, cipher),) = next(link.rows("SHOW SESSION STATUS LIKE 'Ssl_cipher'"))
        assert cipher.startswith(b"TLS_")
        assert list(link.rows("SELECT id_pago FROM pagos ORDER BY id_pago")) == [((b"1",), (b"2",))]
    finally:
        link.close()


def test_a_user_that_requires_tls_is_refused_without_and_may_only_read(server, limits):
    assert refused(server, limits.model_copy(update={"tls_ca": None}))[0] is Trouble.REFUSED
    with closing(open_link(server, limits)) as connection, pytest.raises(MySQLdb.OperationalError, match="denied"):
        connection.cursor().execute("DELETE FROM pagos")


@pytest.mark.parametrize("certificate", ["foreign", "elsewhere", None])
def test_another_authority_another_host_or_no_tls_is_refused_as_a_state_of_the_branch(server, limits, certificate):
    server.again(certificate)
    try:
        trouble, told = refused(server, limits)
    finally:
        server.again("good")
    assert trouble is Trouble.REFUSED, told


def test_an_authority_that_is_not_there_is_a_fault_of_the_contract(server, limits):
    with pytest.raises(ContractViolation, match="otra_ca.pem"):
        open_link(server, limits.model_copy(update={"tls_ca": "otra_ca.pem"}))
