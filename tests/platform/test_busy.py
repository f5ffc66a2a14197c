from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from psycopg import errors

from config.middleware import answer_when_busy


def unused(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def failure(cause: Exception) -> OperationalError:
    error = OperationalError(str(cause))
    error.__cause__ = cause
    return error


def test_a_lock_that_cannot_be_had_in_time_is_answered_with_503_and_a_sentence() -> None:
    handle = answer_when_busy(unused).process_exception  # type: ignore[attr-defined]

    response = handle(RequestFactory().post("/"), failure(errors.LockNotAvailable("timeout")))

    assert response.status_code == 503
    assert response.headers["Retry-After"] == "2"
    assert "Nothing of yours was written" in response.content.decode()


def test_any_other_failure_of_the_database_stays_a_fault() -> None:
    handle = answer_when_busy(unused).process_exception  # type: ignore[attr-defined]

    assert handle(RequestFactory().post("/"), failure(errors.DiskFull("disk"))) is None
    assert handle(RequestFactory().post("/"), ValueError("no")) is None
