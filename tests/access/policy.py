"""Who may open what: one line for each route and method (docs/rules.md, roles).

The columns are people; what they meet is the customer of Alice, Bob and the rep. `stranger` is the
admin of another customer, `free` a rep without assignment, `boss` a sales manager, `root` a
superuser, who is no staff of the portal. Operators and catalogue managers are in the portal what
`root` is. "ok" is any answer of the view itself; "login" the way to the log-in; else the status.
"""

from __future__ import annotations

import re

COLUMNS = ("nobody", "viewer", "admin", "stranger", "rep", "free", "boss", "support", "root")

PORTAL = """
                                  nobody viewer admin stranger rep  free  boss support root
GET  health                       ok     ok     ok    ok       ok   ok    ok   ok      ok
POST health                       405    405    405   405      405  405   405  405     405
GET  metrics                      404    404    404   404      404  404   404  404     404
POST metrics                      405    405    405   405      405  405   405  405     405
GET  credits:login                ok     ok     ok    ok       ok   ok    ok   ok      ok
POST credits:login                ok     ok     ok    ok       ok   ok    ok   ok      ok
GET  credits:logout               405    405    405   405      405  405   405  405     405
POST credits:logout               ok     ok     ok    ok       ok   ok    ok   ok      ok
GET  credits:forgot-password      ok     ok     ok    ok       ok   ok    ok   ok      ok
POST credits:forgot-password      ok     ok     ok    ok       ok   ok    ok   ok      ok
GET  credits:forgot-password-sent ok     ok     ok    ok       ok   ok    ok   ok      ok
POST credits:forgot-password-sent 405    405    405   405      405  405   405  405     405
GET  credits:set-password         ok     ok     ok    ok       ok   ok    ok   ok      ok
POST credits:set-password         ok     ok     ok    ok       ok   ok    ok   ok      ok
GET  credits:home                 login  ok     ok    ok       ok   ok    ok   ok      ok
POST credits:home                 405    405    405   405      405  405   405  405     405
GET  credits:own-settings         login  ok     ok    ok       ok   ok    ok   ok      ok
POST credits:own-settings         login  ok     ok    ok       ok   ok    ok   ok      ok
GET  credits:viewing-end          405    405    405   405      405  405   405  405     405
POST credits:viewing-end          login  ok     ok    ok       ok   ok    ok   ok      ok
GET  credits:table-choice         405    405    405   405      405  405   405  405     405
POST credits:table-choice         login  ok     ok    ok       ok   ok    ok   ok      ok

GET  billing:annual-credits       login  ok     ok    404      ok   404   ok   ok      404
POST billing:annual-credits       405    405    405   405      405  405   405  405     405
GET  billing:freshness            login  ok     ok    404      ok   404   ok   ok      404
POST billing:freshness            405    405    405   405      405  405   405  405     405
GET  billing:explain              login  ok     ok    404      ok   404   ok   ok      404
POST billing:explain              405    405    405   405      405  405   405  405     405
GET  billing:forecast             login  ok     ok    404      ok   404   ok   ok      404
POST billing:forecast             405    405    405   405      405  405   405  405     405
GET  billing:forecast-calendar    login  ok     ok    404      ok   404   ok   ok      404
POST billing:forecast-calendar    405    405    405   405      405  405   405  405     405
GET  billing:time-machine         login  ok     ok    404      ok   404   ok   ok      404
POST billing:time-machine         405    405    405   405      405  405   405  405     405
GET  billing:payg                 login  ok     ok    404      ok   404   ok   ok      404
POST billing:payg                 405    405    405   405      405  405   405  405     405
GET  billing:payg-choose          login  403    ok    404      403  404   403  403     404
POST billing:payg-choose          405    405    405   405      405  405   405  405     405
GET  billing:payg-review          login  403    ok    404      403  404   403  403     404
POST billing:payg-review          login  403    ok    404      403  404   403  403     404
GET  billing:solution-list        login  ok     ok    404      ok   404   ok   ok      404
POST billing:solution-list        405    405    405   405      405  405   405  405     405
GET  billing:solution-feature     login  ok     ok    404      ok   404   ok   ok      404
POST billing:solution-feature     405    405    405   405      405  405   405  405     405
GET  billing:license-list         login  ok     ok    404      ok   404   ok   ok      404
POST billing:license-list         405    405    405   405      405  405   405  405     405
GET  billing:license-detail       login  ok     ok    404      ok   404   ok   ok      404
POST billing:license-detail       405    405    405   405      405  405   405  405     405
GET  billing:seat-list            login  ok     ok    404      ok   404   ok   ok      404
POST billing:seat-list            405    405    405   405      405  405   405  405     405
GET  billing:seat-new             login  403    403   404      ok   404   ok   403     404
POST billing:seat-new             login  403    403   404      ok   404   ok   403     404
GET  billing:code-enter           login  403    ok    404      403  404   403  403     404
POST billing:code-enter           login  403    ok    404      403  404   403  403     404
GET  billing:seat-import          login  404    404   404      ok   ok    ok   404     404
POST billing:seat-import          login  404    404   404      ok   ok    ok   404     404

GET  credits:search               login  ok     ok    404      ok   404   ok   ok      404
POST credits:search               405    405    405   405      405  405   405  405     405
GET  credits:allocation-list      login  ok     ok    404      ok   404   ok   ok      404
POST credits:allocation-list      405    405    405   405      405  405   405  405     405
GET  credits:allocation-edit      login  ok     ok    404      ok   404   ok   ok      404
POST credits:allocation-edit      login  403    ok    404      403  404   403  403     404
GET  credits:allocation-undo      405    405    405   405      405  405   405  405     405
POST credits:allocation-undo      login  403    ok    404      403  404   403  403     404
GET  credits:allocation-move      login  403    ok    404      403  404   403  403     404
POST credits:allocation-move      login  403    ok    404      403  404   403  403     404
GET  credits:allocation-release   login  403    ok    404      403  404   403  403     404
POST credits:allocation-release   login  403    ok    404      403  404   403  403     404
GET  credits:allocation-change    login  403    ok    404      403  404   403  403     404
POST credits:allocation-change    login  403    ok    404      403  404   403  403     404
GET  credits:units-upload         login  403    ok    404      403  404   403  403     404
POST credits:units-upload         login  403    ok    404      403  404   403  403     404
GET  credits:units-template       login  403    ok    404      403  404   403  403     404
POST credits:units-template       405    405    405   405      405  405   405  405     405
GET  credits:activity             login  ok     ok    404      ok   404   ok   ok      404
POST credits:activity             405    405    405   405      405  405   405  405     405
GET  credits:activity-detail      login  ok     ok    404      ok   404   ok   ok      404
POST credits:activity-detail      405    405    405   405      405  405   405  405     405
GET  credits:member-list          login  ok     ok    404      ok   404   ok   ok      404
POST credits:member-list          405    405    405   405      405  405   405  405     405
GET  credits:member-invite        login  403    ok    404      403  404   403  403     404
POST credits:member-invite        login  403    ok    404      403  404   403  403     404
GET  credits:member-edit          login  403    ok    404      403  404   403  403     404
POST credits:member-edit          login  403    ok    404      403  404   403  403     404
GET  credits:customer-settings    login  ok     ok    404      ok   404   ok   ok      404
POST credits:customer-settings    login  403    ok    404      403  404   403  403     404

GET  estimator:estimate-list      login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-list      405    405    405   405      405  405   405  405     405
GET  estimator:estimate-new       login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-new       login  403    ok    404      ok   404   ok   403     404
GET  estimator:estimate-template  login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-template  405    405    405   405      405  405   405  405     405
GET  estimator:estimate-edit      login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-edit      login  403    ok    404      ok   404   ok   403     404
GET  estimator:estimate-compare   login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-compare   405    405    405   405      405  405   405  405     405
GET  estimator:estimate-versions  login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-versions  405    405    405   405      405  405   405  405     405
GET  estimator:estimate-version   login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-version   405    405    405   405      405  405   405  405     405
GET  estimator:estimate-file      login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-file      405    405    405   405      405  405   405  405     405
GET  estimator:estimate-duplicate 405    405    405   405      405  405   405  405     405
POST estimator:estimate-duplicate login  403    ok    404      ok   404   ok   403     404
GET  estimator:estimate-hand-over login  403    ok    404      403  404   403  403     404
POST estimator:estimate-hand-over login  403    ok    404      403  404   403  403     404
GET  estimator:estimate-take-back 405    405    405   405      405  405   405  405     405
POST estimator:estimate-take-back login  403    ok    404      403  404   403  403     404
GET  estimator:estimate-order     login  403    403   404      ok   404   ok   403     404
POST estimator:estimate-order     login  403    403   404      ok   404   ok   403     404
GET  estimator:estimate-settle    405    405    405   405      405  405   405  405     405
POST estimator:estimate-settle    login  403    403   404      ok   404   ok   403     404
GET  estimator:estimate-reality   login  ok     ok    404      ok   404   ok   ok      404
POST estimator:estimate-reality   405    405    405   405      405  405   405  405     405
GET  estimator:estimate-links     login  403    ok    404      ok   404   ok   403     404
POST estimator:estimate-links     login  403    ok    404      ok   404   ok   403     404
GET  estimator:estimate-link-revoke 405  405    405   405      405  405   405  405     405
POST estimator:estimate-link-revoke login 403   ok    404      ok   404   ok   403     404
GET  estimator:shared-estimate    ok     ok     ok    ok       ok   ok    ok   ok      ok
POST estimator:shared-estimate    405    405    405   405      405  405   405  405     405
GET  estimator:shared-estimate-file ok   ok     ok    ok       ok   ok    ok   ok      ok
POST estimator:shared-estimate-file 405  405    405   405      405  405   405  405     405
GET  estimator:visitor-estimate   404    404    404   404      404  404   404  404     404
POST estimator:visitor-estimate   404    404    404   404      404  404   404  404     404
GET  estimator:visitor-estimate-file 404 404    404   404      404  404   404  404     404
POST estimator:visitor-estimate-file 404 404    404   404      404  404   404  404     404
GET  estimator:sales-estimates    login  404    404   404      ok   ok    ok   404     404
POST estimator:sales-estimates    405    405    405   405      405  405   405  405     405

GET  billing:sales-customers      login  404    404   404      ok   ok    ok   404     404
POST billing:sales-customers      405    405    405   405      405  405   405  405     405
GET  billing:sales-expiring       login  404    404   404      ok   ok    ok   404     404
POST billing:sales-expiring       405    405    405   405      405  405   405  405     405
GET  billing:sales-short          login  404    404   404      ok   ok    ok   404     404
POST billing:sales-short          405    405    405   405      405  405   405  405     405
GET  billing:sales-growing        login  404    404   404      ok   ok    ok   404     404
POST billing:sales-growing        405    405    405   405      405  405   405  405     405
GET  billing:sales-reps           login  403    403   404      ok   404   ok   403     404
POST billing:sales-reps           login  403    403   404      403  404   ok   403     404
GET  billing:sales-search         login  404    404   404      ok   ok    ok   404     404
POST billing:sales-search         405    405    405   405      405  405   405  405     405
GET  billing:sales-purchase-new   login  404    404   404      ok   ok    ok   404     404
POST billing:sales-purchase-new   login  404    404   404      ok   ok    ok   404     404
GET  billing:sales-drafts         login  404    404   404      ok   ok    ok   404     404
POST billing:sales-drafts         405    405    405   405      405  405   405  405     405
GET  billing:sales-purchases      login  404    404   404      ok   ok    ok   404     404
POST billing:sales-purchases      405    405    405   405      405  405   405  405     405
GET  billing:import-list          login  404    404   404      ok   ok    ok   404     404
POST billing:import-list          login  404    404   404      ok   ok    ok   404     404
GET  billing:import-template      login  404    404   404      ok   ok    ok   404     404
POST billing:import-template      405    405    405   405      405  405   405  405     405
GET  billing:import-detail        login  404    404   404      ok   404   404  404     404
POST billing:import-detail        login  404    404   404      ok   404   404  404     404
GET  billing:sales-requests       login  404    404   404      ok   ok    ok   404     404
POST billing:sales-requests       405    405    405   405      405  405   405  405     405
GET  billing:request-list         login  ok     ok    404      ok   404   ok   ok      404
POST billing:request-list         405    405    405   405      405  405   405  405     405
GET  billing:request-new          login  403    ok    404      403  404   403  403     404
POST billing:request-new          login  403    ok    404      403  404   403  403     404
GET  billing:request-detail       login  ok     ok    404      ok   404   ok   ok      404
POST billing:request-detail       405    405    405   405      405  405   405  405     405
GET  billing:request-withdraw     405    405    405   405      405  405   405  405     405
POST billing:request-withdraw     login  403    ok    404      403  404   403  403     404
GET  billing:request-answer       405    405    405   405      405  405   405  405     405
POST billing:request-answer       login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-new         login  403    403   404      ok   404   ok   403     404
POST billing:purchase-new         login  403    403   404      ok   404   ok   403     404
GET  billing:order-draft          login  403    403   404      ok   404   ok   403     404
POST billing:order-draft          405    405    405   405      405  405   405  405     405
GET  billing:order-confirm        405    405    405   405      405  405   405  405     405
POST billing:order-confirm        login  403    403   404      ok   404   ok   403     404
GET  billing:order-refuse         405    405    405   405      405  405   405  405     405
POST billing:order-refuse         login  403    403   404      ok   404   ok   403     404
GET  billing:order-discard        405    405    405   405      405  405   405  405     405
POST billing:order-discard        login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-file        login  403    ok    404      ok   404   ok   ok      404
POST billing:purchase-file        405    405    405   405      405  405   405  405     405
GET  billing:purchase-file-add    405    405    405   405      405  405   405  405     405
POST billing:purchase-file-add    login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-file-remove 405    405    405   405      405  405   405  405     405
POST billing:purchase-file-remove login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-detail      login  ok     ok    404      ok   404   ok   ok      404
POST billing:purchase-detail      405    405    405   405      405  405   405  405     405
GET  billing:purchase-amend       login  403    403   404      ok   404   ok   403     404
POST billing:purchase-amend       login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-cancel      login  403    403   404      ok   404   ok   403     404
POST billing:purchase-cancel      login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-move        login  403    403   404      ok   404   ok   403     404
POST billing:purchase-move        login  403    403   404      ok   404   ok   403     404
GET  billing:purchase-void        login  403    403   404      ok   404   ok   403     404
POST billing:purchase-void        login  403    403   404      ok   404   ok   403     404
GET  billing:notice-list          login  ok     ok    404      ok   404   ok   ok      404
POST billing:notice-list          405    405    405   405      405  405   405  405     405
GET  billing:notice-read          405    405    405   405      405  405   405  405     405
POST billing:notice-read          login  ok     ok    404      403  404   403  403     404
GET  billing:notice-settings      login  ok     ok    404      ok   404   ok   ok      404
POST billing:notice-settings      login  403    ok    404      403  404   403  403     404

GET  billing:marketplace-link     ok     ok     ok    ok       ok   ok    ok   ok      ok
POST billing:marketplace-link     ok     ok     ok    ok       ok   ok    ok   ok      ok
GET  billing:aws-landing          404    404    404   404      404  404   404  404     404
POST billing:aws-landing          404    404    404   404      404  404   404  404     404
GET  billing:aws-events           405    405    405   405      405  405   405  405     405
POST billing:aws-events           404    404    404   404      404  404   404  404     404
GET  billing:azure-landing        404    404    404   404      404  404   404  404     404
POST billing:azure-landing        405    405    405   405      405  405   405  405     405
GET  billing:azure-webhook        405    405    405   405      405  405   405  405     405
POST billing:azure-webhook        404    404    404   404      404  404   404  404     404
"""

ADMIN_RECORDS = """
                             read by                             made by
credits.customer             support root                        support root
credits.membership           support root                        support root
credits.user                 support root                        support root
credits.assignment           support root                        -
credits.viewing              support root                        -
credits.securityevent        support root operator               -
credits.jobrun               support root operator               -
credits.outgoingmail         support root operator               -
credits.license              support root                        -
credits.operation            support root                        -
credits.ledgerentry          support root                        -
credits.usagereport          support root                        -
credits.featurechoice        support root                        -
credits.usagesource          support root                        support root
credits.solution             support root operator catalogue     -
credits.allocationgroup      support root operator catalogue     -
credits.feature              support root operator catalogue     -
credits.featurerate          support root operator catalogue     catalogue root
billing.purchase             support root                        -
billing.paygcontract         support root                        support root
billing.creditrequest        support root                        -
billing.entitlement          support root                        support root
billing.activationcode       support root                        support root
billing.conversionrate       support root operator catalogue     -
billing.customerlife         support root                        -
billing.lifeevent            support root                        -
billing.notice               support root                        -
billing.marketplaceoffer     support root                        -
billing.marketplaceagreement  support root                      -
billing.marketplacemessage   support root                        -
billing.marketplacedifference  support root                      -
estimator.estimate           support root                        -
"""

ADMIN_CORRECTIONS = """
                             ways                             corrected by
credits.customer       view-as check units release billing move unpark hold lift-hold  support root
credits.membership           invite-again                     support root
credits.license              extend reduce void               support root
credits.operation            undo                             support root
billing.notice               resend                           support root
billing.purchase             amend move void-line cancel      support root
billing.paygcontract         extend                           support root
billing.entitlement          raise lower                      support root
billing.activationcode       withdraw                         support root
billing.marketplacemessage   replay                           support root
billing.marketplacedifference  repair                          support root
"""

ADMIN_SITE = """
                             answers to staff
admin:index                  ok
admin:login                  ok
admin:logout                 ok
admin:password_change        ok
admin:password_change_done   ok
admin:jsi18n                 ok
admin:app_list               ok
admin:jobs                   support root operator
admin:mail-preview           support root operator
admin:publication-check      support root operator
admin:                       404
"""

OPEN_WHEN_LOCKED = {
    "billing:code-enter",
    "billing:request-list",
    "billing:request-new",
    "billing:request-detail",
    "billing:request-withdraw",
}
"""What answers a locked customer's members as ever; on all else inside it they meet one page."""

STAFF = ("support", "root", "operator", "catalogue")
"""Who gets into the admin at all; for anybody else who is logged in it does not exist."""

NOT_STAFF = ("viewer", "admin", "stranger", "rep", "free", "boss")


def portal_policy() -> dict[tuple[str, str], dict[str, str]]:
    """Method and route, to what each person meets."""
    header, *rows = lines(PORTAL)
    assert tuple(header) == COLUMNS
    return {
        (method, name): dict(zip(COLUMNS, verdicts, strict=True))
        for method, name, *verdicts in rows
    }


def admin_policy() -> dict[str, tuple[set[str], set[str]]]:
    """Model, to who reads its records and who makes them."""
    found = {}
    for line in ADMIN_RECORDS.strip("\n").splitlines()[1:]:
        model, readers, makers = re.split(r" {2,}", line.strip())
        found[model] = (set(readers.split()), set(makers.split()) - {"-"})
    return found


def correction_policy() -> dict[str, tuple[set[str], set[str]]]:
    """Model, to the ways in which its records are corrected, and who corrects them."""
    found = {}
    for line in ADMIN_CORRECTIONS.strip("\n").splitlines()[1:]:
        model, ways, who = re.split(r" {2,}", line.strip())
        found[model] = (set(ways.split()), set(who.split()))
    return found


def site_policy() -> dict[str, dict[str, str]]:
    """Page of the admin itself, to what each of the staff meets: the same, or 403 if unnamed."""
    found = {}
    for name, *answers in lines(ADMIN_SITE)[1:]:
        if set(answers) <= set(STAFF):
            found[name] = {who: "ok" if who in answers else "403" for who in STAFF}
        else:
            found[name] = dict.fromkeys(STAFF, answers[0])
    return found


def lines(table: str) -> list[list[str]]:
    return [line.split() for line in table.splitlines() if line.strip()]
