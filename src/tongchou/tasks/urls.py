from django.urls import path

from tongchou.tasks import pages, village

urlpatterns = [
    path("board/", pages.board_page, name="task-board"),
    path("late/<str:post>/", pages.late_page, name="task-late"),
    path("new/", pages.new_page, name="task-new"),
    path("village/<str:area_path>/", village.village_page, name="village"),
    path("<uuid:pk>/", pages.task_page, name="task"),
    path("<uuid:pk>/do/<slug:name>/", pages.step_page, name="task-step"),
]
