"""Examples for every command, shown in its help and checked by the tests. By path, or by (program, path)."""

from __future__ import annotations

from collections.abc import Mapping

HQ, PROVINCE = "hq-node", "province-node"

_ID = "0192f0c4-7b1e-7c3a-9d55-2f6f3c1a8b90"
_ROOT = "5f6d1c0f3b2a49788e6d5c4b3a29180716253443526170819a0b1c2d3e4f5061"
_PARKED = f"31-{_ID}"

EXAMPLES: Mapping[str | tuple[str, str], tuple[str, ...]] = {
    (HQ, ""): ("init --data /var/lib/quanwang/hq --public-host hq.example.com", "serve", "status --lang zh"),
    (PROVINCE, ""): ("init --data /var/lib/quanwang/31 --node 31", "enrol --invitation @invitation.txt", "serve"),
    (HQ, "init"): (
        "init --data /var/lib/quanwang/hq --public-host hq.example.com --federation-port 7440 --enrolment-port 7441",
    ),
    (PROVINCE, "init"): ("init --data /var/lib/quanwang/31 --node 31 --http-port 8031",),
    (HQ, "serve"): ("serve --data /var/lib/quanwang/hq", "serve --data /var/lib/quanwang/hq-b --roles link,web"),
    (PROVINCE, "serve"): ("serve --data /var/lib/quanwang/31",),
    "add-replica": ("add-replica /var/lib/quanwang/hq-b --name b --federation-port 7450 --http-port 7490",),
    "migrate": ("migrate --data /var/lib/quanwang/node",),
    "check": ("check", "check --json"),
    "status": ("status", "status --json"),
    "top": ("top", "top --once --sort queue", "top --json"),
    "requests": (
        "requests submit query-node-status --region north-china --wait 10s",
        f"requests trace {_ID}",
    ),
    "requests submit": (
        "requests submit suspend-subscription --to 44 --set subscription_id=44-0000000001-01"
        " --authentication SERVICE_PASSWORD --wait 10s",
        "requests submit query-node-status --region north-china --ttl 30m --key night-round-7",
        "requests submit resume-subscription --to 44 --json-content content.json",
    ),
    "requests list": ("requests list --state overdue --limit 20",),
    "requests relayed": ("requests relayed --state open", "requests relayed --origin 31 --home 44 --limit 20"),
    "requests served": ("requests served --state rejected", "requests served --origin 31"),
    "requests show": (f"requests show {_ID} --wait 30s",),
    "requests trace": (f"requests trace {_ID}",),
    "requests cancel": (f"requests cancel {_ID} --to 44",),
    "requests kinds": ("requests kinds",),
    "parked": ("parked list", f"parked retry {_PARKED}"),
    "parked list": ("parked list --state all",),
    "parked show": (f"parked show {_PARKED}",),
    "parked retry": (f"parked retry {_PARKED}",),
    "parked end": (f'parked end {_PARKED} --reason "done by hand, ticket 4711"',),
    "alarms": ("alarms list", "alarms show LINK_AWAY:31"),
    "alarms list": ("alarms list --all",),
    "alarms show": ("alarms show LINK_AWAY:31",),
    "alarms acknowledge": ('alarms acknowledge LINK_AWAY:31 --by "Li Na" --note "carrier called, ticket 4711"',),
    "audit": ("audit list --since 1d", "audit verify"),
    "audit list": ("audit list --resource node --since 30d", "audit list --outcome NOT_PERMITTED --json"),
    "audit verify": ("audit verify",),
    "audit export": ("audit export --out audit.jsonl --since 90d",),
    "journal": ("journal verify", "journal prune"),
    "journal verify": ("journal verify", "journal verify --link 31-00 --after 250000 --json"),
    "journal digest": ("journal digest --out 31.digest",),
    "journal compare": ("journal compare --node 31", "journal compare 31.digest"),
    "journal prune": ("journal prune", "journal prune --json"),
    "private-bodies": (f"private-bodies erase {_ID}",),
    "private-bodies erase": (f"private-bodies erase {_ID}",),
    "evidence": (f"evidence export {_ID}", f"evidence verify {_ID}.evidence --root {_ROOT}"),
    "evidence export": (f"evidence export {_ID} --out suspension.evidence",),
    "evidence verify": (f"evidence verify suspension.evidence --root {_ROOT} --json",),
    "keys": ("keys list", "keys rotate"),
    "keys list": ("keys list", "keys list --json"),
    "keys show": ("keys show signing", "keys show ed25519:3f9c0a77"),
    "keys rotate": ("keys rotate", "keys rotate --use tls"),
    "keys protect": ("keys protect", "keys protect --passphrase-file /run/credentials/quanwang/passphrase"),
    "directory": ("directory show", "directory export --out next.json", "directory import-signed signed.json"),
    "directory show": ("directory show",),
    "directory export": ("directory export --out next.json", "directory export --hash 3f9c0a77 --out next.json"),
    "directory import-signed": ("directory import-signed signed.json",),
    "directory import-root": ("directory import-root successor.json",),
    "root": ("root export --out root.key", "root forget --exported root.key"),
    "root export": ("root export --out root.key",),
    "root forget": ("root forget --exported root.key",),
    "root sign": ("root sign next.json --key root.key --out signed.json",),
    "root rotate": ("root rotate --key root.key --next-key root-2.key --out successor.json",),
    "backup": ("backup create", "backup list"),
    "backup create": ("backup create", "backup create --directory /mnt/backups --key-file /run/credentials/backup.key"),
    "backup list": ("backup list", "backup list --directory /mnt/backups --json"),
    "backup verify": ("backup verify /mnt/backups/31-20261123T020000Z.qwbackup",),
    "backup restore": (
        "backup restore /mnt/backups/31-20261123T020000Z.qwbackup --data /var/lib/quanwang/31"
        " --passphrase-file /run/credentials/backup.passphrase",
    ),
    "nodes": ("nodes invite 44 --out invitation.txt", "nodes list", "nodes approve 44"),
    "nodes invite": ("nodes invite 44 --valid-hours 24 --out invitation.txt",),
    "nodes list": ("nodes list",),
    "nodes approve": ("nodes approve 44 --key ed25519:3f9c0a77",),
    "nodes suspend": ('nodes suspend 44 --reason "leaves addresses in logs, ticket 4711" --operator li.na',),
    "nodes resume": ('nodes resume 44 --reason "mended, ticket 4711" --operator li.na',),
    "nodes revoke": ('nodes revoke 44 --reason "data centre burnt down" --operator li.na',),
    "nodes end-legs": ('nodes end-legs 44 --reason "data centre burnt down" --operator li.na',),
    "enrol": ("enrol --invitation @invitation.txt --wait 10m",),
    "customers": ("customers import extract.csv --dry-run", "customers summary"),
    "customers import": (
        "customers import extract.csv --report problems.csv",
        "customers import telco.csv --mapping telco",
        "customers import extract.csv --map customer_number=CUST_ID --map name=CUST_NAME --dry-run",
    ),
    "customers columns": (
        "customers columns",
        "customers columns extract.csv",
        "customers columns --template customers.csv --lang zh",
    ),
    "customers list": ("customers list --limit 20",),
    "customers subscriptions": ("customers subscriptions --customer 44-0000000001 --status active",),
    "customers summary": ("customers summary",),
}
