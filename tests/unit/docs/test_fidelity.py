"""docs/fidelity.md lists everything that is sent to AWS, by name of operation and kind of statement."""

from tools.fidelity import document, operations, statements


def test_every_operation_statement_and_provider_class_is_listed_and_sent():
    assert document.missing() == []


def test_the_services_know_every_parameter_that_is_relied_on():
    assert document.unknown_parameters() == []


def test_the_document_is_as_generated():
    assert document.DOCUMENT.read_text(encoding="utf-8") == document.text(), "run `make fidelity`"


def test_an_operation_is_seen_however_it_is_called(tmp_path):
    code = tmp_path / "new.py"
    code.write_text(
        "def f(queue, client, s3, name):\n"
        "    queue.send_message_batch(QueueUrl='q', Entries=[])\n"
        "    for page in client.get_paginator('query').paginate(TableName='t'): pass\n"
        "    s3.generate_presigned_url('get_object', Params={})\n"
        "    name.publish(report=1)\n"
        "    dict().update(Key=1)\n"
    )
    assert list(operations.calls([code])) == [("dynamodb", "Query"), ("s3", "GetObject"), ("sqs", "SendMessageBatch")]


def test_a_statement_in_code_is_seen_and_a_docstring_is_not(tmp_path):
    code = tmp_path / "new.py"
    code.write_text('"""VACUUM is no statement here."""\nT = f"ANALYZE {1}"\nG = "GRANT SELECT ON t TO u"\n')
    assert {statements.kind(text) for _, text in statements._in_code([code])} == {"ANALYZE", "GRANT"}


def test_what_is_not_listed_is_named_with_its_file(monkeypatch):
    known = {**document.pages(), "statements": {}, "calls": {}}
    monkeypatch.setattr(document, "pages", lambda: known)
    told = "\n".join(document.missing())
    assert "dags/podemos/core/store.py: s3:PutObject is not under `calls`" in told
    assert "'MERGE' is not under `statements`" in told
