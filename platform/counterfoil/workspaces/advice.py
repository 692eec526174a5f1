"""What a health check has found, in words: how it is, what was seen, and what to do about it (OR-5)."""

from collections.abc import Mapping
from typing import NamedTuple

from counterfoil.workspaces.health import Check, Subject, Verdict

_PROXY = "See that the web server in front of Counterfoil runs and passes this domain on"


class Words(NamedTuple):
    """How it is, what was seen, and what to do: nothing where all is well."""

    verdict: Verdict
    seen: str
    do: str = ""


def words_of(check: Check) -> Words:
    """The words of a check, with its facts put in."""
    found = FINDINGS[check.subject].get(check.finding, _UNKNOWN)
    facts = _Facts(check.facts)
    return Words(found.verdict, found.seen.format_map(facts), found.do.format_map(facts))


class _Facts(dict[str, str]):
    """Facts of an older check may lack what the words of today tell."""

    def __missing__(self, key: str) -> str:
        return "…"


_UNKNOWN = Words(Verdict.UNKNOWN, "This was checked by another version.", "Check again.")
_NOT_ASKED = Words(
    Verdict.UNKNOWN, "Not asked, because the domain leads nowhere.", "Mend the domain, then check again."
)
_FAILURES: Mapping[str, Words] = {
    "no_name": Words(Verdict.FAILED, "{host} leads nowhere any more.", "Look at the domain’s DNS records."),
    "refused": Words(Verdict.FAILED, "The server at {host} refuses the connection.", f"{_PROXY}."),
    "timeout": Words(
        Verdict.FAILED,
        "{host} does not answer within seconds.",
        "See that a firewall lets visitors in, and that the domain’s DNS records name the right server. If customers "
        "do open it, this server alone may not reach itself by its public address: then this is no harm.",
    ),
    "certificate_expired": Words(
        Verdict.FAILED,
        "The certificate of {host} is not valid today: browsers warn everybody who comes.",
        "Renew it where the web server keeps it, and see why it was not renewed by itself.",
    ),
    "certificate_other_name": Words(
        Verdict.FAILED,
        "The certificate is for another name than {host}: browsers warn everybody who comes.",
        "Get one for {host}, and give it to the web server.",
    ),
    "certificate_untrusted": Words(
        Verdict.FAILED,
        "Nobody whom browsers trust has signed the certificate of {host}: browsers warn everybody who comes.",
        "Get one from an authority that browsers know, and serve it with its whole chain.",
    ),
    "no_tls": Words(
        Verdict.FAILED,
        "{host} does not speak https as browsers do.",
        "See that the web server serves this domain by https, with TLS 1.2 or newer.",
    ),
    "broken": Words(
        Verdict.FAILED,
        "{host} ends the connection, or answers what no browser understands.",
        f"{_PROXY}, and look at its log.",
    ),
    "leads_elsewhere": Words(
        Verdict.FAILED,
        "{address} leads on to {to}. It was not followed there.",
        "Take the redirect away, or make {to} the store’s address.",
    ),
    "leads_in_circles": Words(
        Verdict.FAILED,
        "{address} leads on and on, and never to a page.",
        "Look at the redirects of the web server. If it takes https and asks Counterfoil by http, it has to send "
        "X-Forwarded-Proto.",
    ),
}
FINDINGS: Mapping[Subject, Mapping[str, Words]] = {
    Subject.DOMAIN: {
        "resolves": Words(Verdict.OK, "{host} leads to {addresses}."),
        "resolves_inside": Words(
            Verdict.UNKNOWN,
            "{host} leads to {addresses}, an address of this computer or of a network of its own. From here it can’t "
            "be told whether customers get there.",
            "Open it on a phone without the office’s network. For a trial this is as it should be.",
        ),
        "unresolved": Words(
            Verdict.FAILED,
            "{host} leads nowhere: no server has this name.",
            "Where you bought the domain, add an A or AAAA record for {host} with this server’s address. It may take "
            "an hour to count.",
        ),
        "resolver_silent": Words(
            Verdict.UNKNOWN,
            "The name service of this server does not answer, so it can’t be told where {host} leads.",
            "Check again in a minute. If it stays so, look at the server’s resolver.",
        ),
        "host_differs": Words(
            Verdict.FAILED,
            "Links lead to {host}, but the store listens to {listens}.",
            "Make both the same in the store’s address.",
        ),
    },
    Subject.PAGE: {
        **_FAILURES,
        "not_asked": _NOT_ASKED,
        "page": Words(Verdict.OK, "{address} shows your portal’s front page."),
        "other_page": Words(
            Verdict.FAILED,
            "{address} shows a page, but not your portal’s: your name is not on it.",
            "See that the domain’s DNS records, and the web server, lead to Counterfoil and to nothing else.",
        ),
        "no_page": Words(
            Verdict.FAILED,
            "{address} shows no page: the answer is {status}.",
            f"{_PROXY} with every path, the first one too.",
        ),
        "host_not_allowed": Words(
            Verdict.FAILED,
            "{address} is refused with 400: most likely the server does not take this name.",
            "Add {host} to COUNTERFOIL_HOSTS where the server is set up, and start it again.",
        ),
        "fault": Words(
            Verdict.FAILED,
            "{address} answers {status}: the server meets a fault.",
            "Look at the log of the web server, and at Counterfoil’s.",
        ),
    },
    Subject.PORTAL: {
        **_FAILURES,
        "not_asked": _NOT_ASKED,
        "portal": Words(Verdict.OK, "The portal answers at {host} as this store, and asks customers to sign in."),
        "another_store": Words(
            Verdict.FAILED,
            "Another store of yours answers at {host}.",
            "Give each store a domain of its own; this one listens to {listens}.",
        ),
        "another_site": Words(
            Verdict.FAILED,
            "What answers at {host} is not this installation of Counterfoil.",
            "See where the domain’s DNS records lead, and that the web server passes /store/ on.",
        ),
        "no_sign_in": Words(
            Verdict.FAILED,
            "The portal answers at {host}, but its orders do not lead to the sign-in: the answer is {status}.",
            "See that the web server passes answers on as they are, and keeps no copies.",
        ),
    },
    Subject.MAIL_SERVER: {
        "server": Words(Verdict.OK, "The mail server {server} takes our connection and our name. No mail was sent."),
        "kept_here": Words(
            Verdict.FAILED,
            "No mail server is set up: mails are kept on this server, and reach nobody.",
            "Set COUNTERFOIL_SMTP_HOST, and the user and password for it, and start the server again. For a trial this "
            "is as it should be.",
        ),
        "no_name": Words(Verdict.FAILED, "The mail server’s name leads nowhere.", "Look at COUNTERFOIL_SMTP_HOST."),
        "refused": Words(
            Verdict.FAILED,
            "The mail server refuses the connection.",
            "Look at COUNTERFOIL_SMTP_PORT: most take 587, with COUNTERFOIL_SMTP_TLS on.",
        ),
        "timeout": Words(
            Verdict.FAILED,
            "The mail server does not answer within seconds.",
            "Many hosts close the way out for mails: ask yours to open it, or take port 587.",
        ),
        "login_refused": Words(
            Verdict.FAILED,
            "The mail server does not take our user and password.",
            "Look at COUNTERFOIL_SMTP_USER and COUNTERFOIL_SMTP_PASSWORD.",
        ),
        "no_tls": Words(
            Verdict.FAILED,
            "The mail server does not offer what we ask of it, TLS or a sign-in.",
            "Look at COUNTERFOIL_SMTP_TLS and COUNTERFOIL_SMTP_PORT: they belong together.",
        ),
        **dict.fromkeys(
            ("certificate_expired", "certificate_other_name", "certificate_untrusted"),
            Words(
                Verdict.FAILED,
                "The mail server’s certificate is not valid for its name.",
                "Set COUNTERFOIL_SMTP_HOST to the name that its certificate is for, or have it renewed.",
            ),
        ),
        "broken": Words(
            Verdict.FAILED,
            "What answers as the mail server is none, or it hung up on us.",
            "Look at COUNTERFOIL_SMTP_HOST and COUNTERFOIL_SMTP_PORT.",
        ),
    },
    Subject.SENDER: {
        "reserved_domain": Words(
            Verdict.FAILED,
            "Mails come from {sender}, and nobody can have {domain}: mailboxes refuse it.",
            "Give the store a sender at a domain of yours.",
        ),
        "unproved": Words(
            Verdict.UNKNOWN,
            "Mails come from {sender}. Whether mailboxes believe that depends on the SPF, DKIM and DMARC records of "
            "{domain}, which can’t be read from here.",
            "Ask who sends your mails which records {domain} needs. Then send yourself a code from the portal’s "
            "sign-in and see where it lands.",
        ),
    },
}
