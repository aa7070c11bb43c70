"""The published files of a project, as a launch would use them now."""

from droptrain_core.aws.bucket import Bucket
from droptrain_core.domain.datasets.dataset import ObjectVersion, code_prefix, recipe_key
from droptrain_core.domain.errors import RejectedError
from droptrain_core.domain.recipes import recipe as recipes
from droptrain_core.domain.recipes.push import Push, push_key
from droptrain_core.domain.recipes.recipe import Recipe

from droptrain import near_project
from droptrain.errors import DroptrainError

_SEARCHED = 1000  # projects; S3 lists so many at once


class NotPublishedError(DroptrainError):
    """The project has no code in the bucket."""


def find(bucket: Bucket, key: str) -> ObjectVersion | None:
    """The object's current version; None if there is none.

    By a listing: for a key that isn't there, GetObject answers 403 to who may list projects/ alone.
    """
    return next((item for item in bucket.folder(key) if item.key == key), None)


def find_push(bucket: Bucket, project: str) -> Push:
    """The state of the project's pushes."""
    return bucket.push(project) if find(bucket, push_key(project)) else Push()


def published_recipe(bucket: Bucket, project: str) -> Recipe:
    """The recipe that a launch takes; NotPublishedError, or DroptrainError if what is published is wrong."""
    push = find_push(bucket, project)
    code = push.before.code if push.before else bucket.folder(code_prefix(project))
    if not code:
        hint = near_project.hint(project, bucket.projects(None, _SEARCHED)[0])
        raise NotPublishedError(
            f"Nothing is published for {project}, so nothing could train.{hint} Publish it: "
            f"droptrain push {project} FOLDER"
        )
    recipe = push.before.recipe if push.before else find(bucket, recipe_key(project))
    try:
        if push.problem:
            raise push.problem
        if recipe is None:
            return Recipe()
        file = bucket.recipe(project, push.before)
        if file.problem:
            raise file.problem
        return recipes.parse(file.document)
    except RejectedError as error:
        raise DroptrainError(
            f"What is published for {project} can't train: {error.cause.message}. Correct it, and push it: "
            f"droptrain push {project} FOLDER"
        ) from error
