"""Measures the path of requests between nodes.

python3 scripts/bench.py relay --in-flight 1,64,512   requests a second, beside a naive implementation and the floor
python3 scripts/bench.py relay --store both             the same on SQLite and on PostgreSQL, and how they compare
python3 scripts/bench.py fanin --provinces 31           many provinces at one hub, beside a few
python3 scripts/bench.py api                            what access control, audit and scopes cost the REST interface
python3 scripts/bench.py brokers                        the same work through NATS and RabbitMQ, where installed
python3 scripts/bench.py memory --requests 200000     whether memory stays flat
python3 scripts/bench.py profile                      where the time goes
"""

import os
import sys

import _environment

if __name__ == "__main__":
    _environment.ensure()
    sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), os.pardir))

    from tests.benchmark.cli import main

    sys.exit(main(sys.argv[1:]))
