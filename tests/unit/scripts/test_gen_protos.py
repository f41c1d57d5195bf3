"""Generated code: imported from where it lies, the same every time, and known to be out of date when it is."""

from pathlib import Path

import gen_protos
import pytest

MESSAGE = 'syntax = "proto3";\npackage area.v1;\nmessage Greeting { string word = 1; }\n'
SERVICE = """syntax = "proto3";
package area.v1;
import "area/v1/greeting.proto";
import "google/protobuf/timestamp.proto";
message Answer { Greeting greeting = 1; google.protobuf.Timestamp at = 2; }
service GreetingService { rpc Greet(Greeting) returns (Answer); }
"""


@pytest.fixture
def proto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Definitions of one message and one service, and an empty place for what is made of them."""
    place = tmp_path / "proto"
    (place / "area" / "v1").mkdir(parents=True)
    (place / "area" / "v1" / "greeting.proto").write_text(MESSAGE)
    (place / "area" / "v1" / "greeter.proto").write_text(SERVICE)
    monkeypatch.setattr(gen_protos, "PROTO", str(place))
    monkeypatch.setattr(gen_protos, "GENERATED", str(tmp_path / "gen"))
    return place


def test_modules_import_one_another_from_the_package(proto: Path) -> None:
    files = gen_protos.generate(str(proto))
    for name in ("greeter_pb2.py", "greeter_pb2.pyi", "greeter_pb2_grpc.py"):
        text = files[f"area/v1/{name}"]
        assert "from common.gen.area.v1 import greet" in text
        assert "from area.v1" not in text
    assert "from google.protobuf import timestamp_pb2" in files["area/v1/greeter_pb2.py"]


def test_only_definitions_with_a_service_get_a_grpc_module(proto: Path) -> None:
    assert sorted(gen_protos.generate(str(proto))) == [
        "__init__.py",
        "area/__init__.py",
        "area/v1/__init__.py",
        "area/v1/greeter_pb2.py",
        "area/v1/greeter_pb2.pyi",
        "area/v1/greeter_pb2_grpc.py",
        "area/v1/greeting_pb2.py",
        "area/v1/greeting_pb2.pyi",
    ]


def test_the_result_is_the_same_every_time(proto: Path) -> None:
    assert gen_protos.generate(str(proto)) == gen_protos.generate(str(proto))


def test_the_check_says_what_differs_and_changes_nothing(proto: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generated = proto.parent / "gen"
    assert gen_protos.main([]) == 0
    assert gen_protos.main(["--check"]) == 0
    capsys.readouterr()

    (generated / "area/v1/greeting_pb2.py").write_text("# edited\n")
    (generated / "area/v1/greeter_pb2.pyi").unlink()
    (generated / "area/v1/old_pb2.py").write_text("# its definition is gone\n")
    before = gen_protos.read_tree(str(generated))
    assert gen_protos.main(["--check"]) == 1
    assert capsys.readouterr().out.splitlines()[:-1] == [
        "common/gen/area/v1/greeter_pb2.pyi: missing",
        "common/gen/area/v1/greeting_pb2.py: different",
        "common/gen/area/v1/old_pb2.py: without a source",
    ]
    assert gen_protos.read_tree(str(generated)) == before


def test_what_has_no_source_any_more_is_deleted(proto: Path) -> None:
    gen_protos.main([])
    (proto / "area/v1/greeter.proto").unlink()
    gen_protos.main([])
    left = gen_protos.read_tree(str(proto.parent / "gen"))
    assert [path for path in left if "greeter" in path] == []


def test_a_definition_that_does_not_compile_ends_the_script(proto: Path) -> None:
    (proto / "area/v1/greeting.proto").write_text("message")
    with pytest.raises(SystemExit):
        gen_protos.generate(str(proto))
