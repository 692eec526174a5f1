"""The command `counterfoil`: everything that one does with the product from a shell."""

import argparse
import os
import sys
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import NoReturn

from counterfoil.site.memory import run_on_mimalloc


class Stop(Exception):
    """Something that the person at the shell can mend; its text is the one line that they see."""


class Parser(argparse.ArgumentParser):
    """Says in one line what is wrong with the arguments."""

    def error(self, message: str) -> NoReturn:
        """Refuse the arguments."""
        raise Stop(f"{message}. See {self.prog} --help.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a subcommand; gives the exit status."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "counterfoil.site.settings")
    parser = Parser(prog="counterfoil", description="One order, two views, live.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    demo = commands.add_parser("demo", help="a believable shop on this machine, for trying things out")
    demo.add_argument("--port", type=int, default=8000, help="the port to listen on (8000)")
    demo.add_argument("--host", default="127.0.0.1", help="the address to listen on (127.0.0.1)")
    demo.add_argument("--data-dir", type=Path, default=Path("var/demo"), help="where its data goes (var/demo)")
    demo.add_argument("--database", help="an empty PostgreSQL database (postgresql://…) instead of an embedded one")
    demo.add_argument("--json", action="store_true", help="print one line of JSON when it is ready")
    demo.add_argument("--import", type=Path, dest="file", metavar="FILE", help="an Online Retail CSV to import first")
    demo.add_argument("--open-from", type=_day, metavar="DAY", help="its orders from this day on have not left yet")

    _init_options(commands.add_parser("init", help="a workspace with its first store and its first admin"))

    serve = commands.add_parser("serve", help="the web process: pages, API and streams")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--host", default="127.0.0.1")

    worker = commands.add_parser("worker", help="a background worker: mails")
    worker.add_argument("--threads", type=int, default=4, help="how many tasks at the same time (4)")
    worker.add_argument("--with-parent", action="store_true", help="end when standard input closes")

    bench = commands.add_parser("bench", help="measure it, on data of its own, and leave nothing behind")
    bench.add_argument("--json", action="store_true", help="print the figures as JSON")
    bench.add_argument("--quick", action="store_true", help="small sizes, to see that it works")
    bench.add_argument("--database", help="an empty PostgreSQL database (postgresql://…) instead of a SQLite file")
    bench.add_argument("--only", help="parts, separated by commas: list, page, access, hostile, growth, live")

    importing = commands.add_parser("import", help="bring in an order history from a file")
    sources = importing.add_subparsers(dest="source", required=True, metavar="SOURCE")
    _csv_options(sources.add_parser("csv", help="a CSV file, plain or gzipped, a line of an order in each row"))

    _documents_options(commands.add_parser("documents", help="the GraphQL documents that programs may keep to"))

    schema = commands.add_parser("schema", help="print the GraphQL schema")
    schema.add_argument("--reporting", action="store_true", help="print the one of /graphql/reporting")

    commands.add_parser("manage", help="Django's own commands: migrate, check, shell …")

    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] == ["manage"]:  # what follows is not ours to parse
        from django.core.management import execute_from_command_line

        execute_from_command_line(["counterfoil manage", *given[1:]])
        return 0
    try:
        parsed = parser.parse_args(given)
        if arguments is None and parsed.command in {"demo", "serve"}:
            run_on_mimalloc()
        return _run(parsed)
    except Stop as stop:
        print(f"counterfoil: {stop}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no day: write one such as 2026-03-02.") from None


def _init_options(command: argparse.ArgumentParser) -> None:
    command.description = "Bring the database up to date and make a workspace. What is not given is asked for."
    command.add_argument("--workspace", metavar="NAME", help="the name of the shop, as customers read it")
    command.add_argument("--host", help="the host name that customers and staff open: shop.example.com")
    command.add_argument("--base-url", metavar="URL", help="what links in mails begin with (https://HOST)")
    command.add_argument("--admin-name", metavar="NAME", help="the first admin's name, as customers read it")
    command.add_argument("--admin-email", metavar="ADDRESS", help="the address that the admin signs in with")
    command.add_argument("--password-stdin", action="store_true", help="read the admin's password from standard input")
    command.add_argument("--password", nargs="?", const="", help=argparse.SUPPRESS)
    command.add_argument("--language", metavar="TAG", help="the store's language (en)")
    command.add_argument("--time-zone", metavar="ZONE", help="the store's clock, such as Europe/London (UTC)")
    command.add_argument("--mail-from", metavar="ADDRESS", help="where mails to customers come from (orders@HOST)")


def _csv_options(command: argparse.ArgumentParser) -> None:
    command.add_argument("file", type=Path, metavar="FILE", help="UTF-8, with a first line that names the columns")
    command.add_argument("--preset", help="whose columns it has: online-retail")
    command.add_argument(
        "--map",
        metavar="order=COLUMN,…",
        help="names the columns: order, sku, name, quantity, date, price, customer, country",
    )
    command.add_argument("--currency", help="what prices are in, three letters (GBP)")
    command.add_argument("--date-format", help="of dates, as for strptime: %%d/%%m/%%Y %%H:%%M (ISO 8601)")
    command.add_argument("--return-prefix", help="what the numbers of credit notes begin with")
    command.add_argument("--charges", metavar="CODES", help="codes, with commas, that are no products: POST,FEE")
    command.add_argument("--rejects", type=Path, help="where rejected rows go (FILE.rejects.csv in this folder)")
    command.add_argument("--open-from", type=_day, metavar="DAY", help="orders from this day on have not left yet")
    command.add_argument("--workspace", help="its id or name, where there are several")
    command.add_argument("--dry-run", action="store_true", help="do everything and keep nothing")
    command.add_argument("--json", action="store_true", help="print the summary as JSON")


def _documents_options(command: argparse.ArgumentParser) -> None:
    acts = command.add_subparsers(dest="act", required=True, metavar="WHAT")
    register = acts.add_parser("register", help="trust the documents in files, by the SHA-256 of each")
    register.add_argument(
        "files",
        nargs="+",
        type=Path,
        metavar="FILE",
        help="a .graphql file, a folder of them, or a JSON object of texts by their SHA-256, as relay-compiler writes",
    )
    forget = acts.add_parser("forget", help="trust a document no longer")
    forget.add_argument("hash", metavar="HASH", help="as the list shows it")
    for act in (register, acts.add_parser("list", help="what is registered"), forget):
        act.add_argument("--workspace", help="its id or name, where there are several")
        act.add_argument("--json", action="store_true", help="print what was done as JSON")
    build = acts.add_parser("build", help="write the manifest of the pages' documents; for who changes the pages")
    build.add_argument("--check", action="store_true", help="write nothing, and say whether it is as it should be")


def _init(given: argparse.Namespace) -> int:
    if given.password is not None:
        raise Stop("others on this machine could read a password here. Leave it out to be asked, or --password-stdin.")
    import django

    try:
        django.setup()
    except OSError as error:
        raise Stop(f"can't write to {error.filename} ({error.strerror}). COUNTERFOIL_DATA_DIR says where to.") from None
    from counterfoil.site.answers import CHECKS
    from counterfoil.site.first_run import Terminal, password_from, run_init

    at_terminal = sys.stdin.isatty()
    options = {name: text for name in CHECKS if (text := getattr(given, name)) is not None}
    password = password_from(sys.stdin) if given.password_stdin and not at_terminal else None
    return run_init(options, password=password, terminal=Terminal() if at_terminal else None)


def _run(given: argparse.Namespace) -> int:  # noqa: PLR0911  (one a command)
    match given.command:
        case "demo":
            # Settings are read from the environment, so this comes before Django is set up.
            from counterfoil.site.demo.server import run_demo

            return run_demo(
                host=given.host,
                port=given.port,
                data_dir=given.data_dir,
                database=given.database,
                as_json=given.json,
                history=given.file,
                open_from=given.open_from,
            )
        case "import":
            from counterfoil.site.importing import Asked, run_import

            asked = Asked(
                file=given.file,
                preset=given.preset,
                mapped=given.map,
                currency=given.currency,
                date_format=given.date_format,
                return_prefix=given.return_prefix,
                charges=given.charges,
                rejects=given.rejects,
                open_from=given.open_from,
                workspace=given.workspace,
                dry_run=given.dry_run,
            )
            return run_import(asked, as_json=given.json)
        case "documents":
            from counterfoil.site.documents import run_documents

            return run_documents(given)
        case "init":
            return _init(given)
        case "serve":
            from counterfoil.site.serving import serve

            return serve(host=given.host, port=given.port)
        case "worker":
            from counterfoil.site.working import work

            return work(threads=given.threads, with_parent=given.with_parent)
        case "bench":
            from counterfoil.site.bench.run import run_bench

            return run_bench(as_json=given.json, quick=given.quick, database=given.database, only=given.only)
        case _:
            import django

            django.setup()
            sys.stdout.write(_reporting_schema() if given.reporting else _schema())
            return 0


def _schema() -> str:
    from schema.root import print_schema

    return print_schema()


def _reporting_schema() -> str:
    try:
        from schema.reporting.root import print_reporting
    except ModuleNotFoundError as missing:
        raise Stop(f"reporting needs {missing.name}: install counterfoil[reporting].") from None
    return print_reporting()


if __name__ == "__main__":
    # Run as the module that the others import: `Stop` would exist twice otherwise.
    from counterfoil.site.command import main as command

    sys.exit(command())
