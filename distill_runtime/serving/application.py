"""The ASGI application: models, sounds, live playing, health and figures, and what says so."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Any

import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response, WebSocket
from fastapi.responses import JSONResponse

from distill_runtime import __version__
from distill_runtime.artifact.session import cores
from distill_runtime.errors import DistillError
from distill_runtime.serving import figures
from distill_runtime.serving.asgi import Application, client_of
from distill_runtime.serving.body import read_json
from distill_runtime.serving.crew import Crew
from distill_runtime.serving.documents import (
    MODELS,
    STATUS,
    Responses,
    json_answer,
    recipe_parameter,
    refusals,
    sound_answer,
    sound_body,
)
from distill_runtime.serving.figures import Figures
from distill_runtime.serving.gate import HEALTH, READINESS, Gate
from distill_runtime.serving.live.keeper import Keeper
from distill_runtime.serving.live.session import Session
from distill_runtime.serving.models import Models
from distill_runtime.serving.problems import MEDIA_TYPE, ProblemError
from distill_runtime.serving.settings import Settings
from distill_runtime.serving.sound_order import SoundOrder
from distill_runtime.serving.sound_response import SoundResponse

SOUNDS = "/v1/sounds"
Endpoint = Callable[[Request], Awaitable[Response]]
_FOR_EVER = "max-age=31536000, immutable"


def build(settings: Settings) -> Application:
    """Load what is to be served and return what answers.

    Raises:
        InputError: A setting is not right, or an artifact cannot be played.
        DependencyError: A package is missing.
    """
    models = Models.load(settings.artifacts, threads=settings.threads, trust=settings.trust)
    for model in models:  # the first call of a graph takes longer: nobody shall wait for it
        artifact = model.artifact
        latents = np.zeros((1, 1, artifact.latent_dim), np.float32)
        artifact.step(latents, artifact.initial_state())
    service = Service(settings, models)
    return Gate(service.application(), service.figures, settings.token)


class Service:
    """Answers requests.

    Args:
        settings: What is served, and to whom.
        models: It, loaded.

    Attributes:
        figures: What was done.
    """

    def __init__(self, settings: Settings, models: Models) -> None:
        self._settings, self._models = settings, models
        self._limits = settings.limits
        self._crew = Crew(settings.limits)
        self._keeper = Keeper(settings.key)
        self.figures = Figures(self._crew)
        workers = settings.workers or cores() // settings.threads + 1
        self._graphs = ThreadPoolExecutor(workers, thread_name_prefix="distill-graph")
        for model in models:
            model.artifact.share(self._graphs, self.figures.observer(model.name))
        self._cached = f"{'public' if settings.token is None else 'private'}, {_FOR_EVER}"

    def application(self) -> FastAPI:
        """Return the routes."""
        application = FastAPI(
            title="Distill sounds",
            version=__version__,
            description="Sounds of Distill's models, made while they are sent.",
            docs_url=None,  # that page would load scripts from elsewhere
            redoc_url=None,
            redirect_slashes=False,
            lifespan=self._lifespan,
            exception_handlers={
                HTTPException: _http_problem,
                404: _http_problem,
                405: _http_problem,
                ProblemError: _problem,
                DistillError: _distill_problem,
                Exception: _failure,
            },
        )
        application.add_api_websocket_route("/v1/live", self.live)
        self._add_sounds(application)
        text: Responses = {200: {"description": "Figures.", "content": {"text/plain": {}}}}
        for path, endpoint, responses in (
            (
                "/v1/models",
                self.models,
                json_answer("What can be asked for.", MODELS) | refusals(),
            ),
            (HEALTH, self.health, json_answer("It runs.", STATUS)),
            (READINESS, self.readiness, json_answer("It has room.", STATUS) | refusals(503)),
            ("/metrics", self.metrics, text | refusals()),
        ):
            _add(application, "GET", path, endpoint, responses)
        return application

    def _add_sounds(self, application: FastAPI) -> None:
        """Add the routes of sounds."""
        limits, names = self._limits, [model.name for model in self._models]
        of_recipe, parameters = f"{SOUNDS}/{{recipe}}", [recipe_parameter(limits)]
        _add(
            application,
            "POST",
            SOUNDS,
            self.sound,
            sound_answer(by_address=False) | refusals(400, 404, 408, 413, 415, 429, 503, 504),
            requestBody=sound_body(limits, names),
        )
        _add(
            application,
            "GET",
            of_recipe,
            self.sound_of_recipe,
            sound_answer(by_address=True) | refusals(400, 404, 414, 429, 503, 504),
            parameters=parameters,
        )
        _add(
            application,
            "HEAD",
            of_recipe,
            self.head_of_recipe,
            sound_answer(by_address=True, has_body=False) | refusals(400, 404, 414),
            parameters=parameters,
        )

    async def models(self, request: Request) -> Response:
        """Return the models that are served."""
        return JSONResponse({"models": [model.document() for model in self._models]})

    async def sound(self, request: Request) -> Response:
        """Make a sound."""
        values = await read_json(request, self._limits)
        order = await self._crew.call(SoundOrder.of_body, values, self._models, self._limits)
        return self._sound(order, request, {})

    async def sound_of_recipe(self, request: Request) -> Response:
        """Make the sound of a recipe."""
        order, headers = await self._of_recipe(request)
        if self._is_known(request, headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        return self._sound(order, request, headers)

    async def head_of_recipe(self, request: Request) -> Response:
        """Say what the sound of a recipe would be, and make none."""
        order, headers = await self._of_recipe(request)
        if self._is_known(request, headers["ETag"]):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        response = Response(media_type=order.media_type, headers=headers | _described(order))
        del response.headers["content-length"]
        return response

    async def health(self, request: Request) -> Response:
        """Say that the process runs."""
        return JSONResponse({"status": "ok"})

    async def readiness(self, request: Request) -> Response:
        """Say whether one sound more can be made now."""
        self._crew.take_sound("")()
        return JSONResponse({"status": "ready"})

    async def metrics(self, request: Request) -> Response:
        """Return figures for Prometheus."""
        return Response(self.figures.text(), media_type=figures.MEDIA_TYPE)

    async def live(self, socket: WebSocket) -> None:
        """Play live."""
        session = Session(
            socket, self._models, self._crew, self._keeper, self.figures, self._limits
        )
        await session.run()

    async def _of_recipe(self, request: Request) -> tuple[SoundOrder, dict[str, str]]:
        token = request.path_params["recipe"]
        order = await self._crew.call(SoundOrder.of_token, token, self._models, self._limits)
        return order, {"ETag": order.etag(), "Cache-Control": self._cached}

    def _sound(self, order: SoundOrder, request: Request, headers: dict[str, str]) -> Response:
        give_back = self._crew.take_sound(client_of(request.scope))
        own = {"Cache-Control": "no-store", **_described(order), **headers}
        return SoundResponse(order, self._crew, self.figures, self._limits, give_back, own)

    @staticmethod
    def _is_known(request: Request, etag: str) -> bool:
        asked = request.headers.get("if-none-match", "")
        known = [tag.strip().removeprefix("W/") for tag in asked.split(",")]
        return etag in known or asked.strip() == "*"

    @asynccontextmanager
    async def _lifespan(self, application: FastAPI) -> AsyncIterator[None]:
        yield
        self._crew.close()
        self._graphs.shutdown(wait=False, cancel_futures=True)


def _add(
    application: FastAPI,
    method: str,
    path: str,
    endpoint: Endpoint,
    responses: Responses,
    **extra: Any,
) -> None:
    """Add a route, of which the OpenAPI document says all that it may answer."""
    application.add_api_route(
        path,
        endpoint,
        methods=[method],
        responses=responses,
        openapi_extra=extra,
        response_class=Response,
        response_model=None,
        summary=(endpoint.__doc__ or "").partition("\n")[0],
        description="",
    )


def _described(order: SoundOrder) -> dict[str, str]:
    return {
        "Distill-Recipe": order.to_json(),
        "Content-Location": f"{SOUNDS}/{order.to_token()}",
        "Accept-Ranges": "none",
        "X-Content-Type-Options": "nosniff",
    }


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    headers = {"Cache-Control": "no-store", **error.headers}
    return Response(error.body(), error.status, headers, MEDIA_TYPE)


async def _distill_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, DistillError)
    return await _problem(request, ProblemError.of(error))


async def _http_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException) or hasattr(error, "status_code")
    status, headers = int(error.status_code), getattr(error, "headers", None)
    said = {404: "there is nothing at this address", 405: "this address takes another method"}
    return await _problem(
        request,
        ProblemError(status, said.get(status, HTTPStatus(status).description), headers=headers),
    )


async def _failure(request: Request, error: Exception) -> Response:
    return await _problem(
        request, ProblemError(HTTPStatus.INTERNAL_SERVER_ERROR, "the server has made a mistake")
    )
