"""Addresses of the documentation, below `graphql/docs`."""

from django.urls import path

from schema.docs import views

app_name = "graphql_docs"
urlpatterns = [
    path("", views.overview, name="overview"),
    path("/tasks", views.tasks, name="tasks"),
    path("/tasks/<slug:slug>", views.task, name="task"),
    path("/search", views.find, name="search"),
    path("/run", views.run_box, name="run"),
    path("/types/<str:name>", views.one_type, name="type"),
    path("/<slug:section>", views.section, name="section"),
]
