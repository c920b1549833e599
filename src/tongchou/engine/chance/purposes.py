"""What a random number is for. Two purposes never share a stream, so asking one question more changes no other answer."""

from __future__ import annotations

from enum import IntEnum, unique


@unique
class Purpose(IntEnum):
    """Third word of the counter. Numbers are never reused; 1-99 belong to the city, 100-199 to the epidemic, 200-219 to
    synthetic visits and diaries, 220-239 to the forecast, 240-249 to calibration, 900- to tests."""

    CITY_AGE = 1
    CITY_SEX = 2
    CITY_HOUSEHOLD = 3
    CITY_HOUSEHOLD_KIND = 4
    CITY_MEMBER = 5
    CITY_AREA = 6
    CITY_NEIGHBOURHOOD = 7
    CITY_GRID = 8
    CITY_SCHOOL = 9
    CITY_CLASS = 10
    CITY_EMPLOYED = 11
    CITY_SECTOR = 12
    CITY_SITE_SIZE = 13
    CITY_SITE = 14
    CITY_TEAM = 15
    CITY_ROUTE = 16
    CITY_INSTITUTION = 17
    CITY_ORDER = 18

    IMPORT_COUNT = 100
    IMPORT_PERSON = 101
    COURSE = 102
    COURSE_SEVERITY = 103
    COURSE_TIMES = 104
    INFECTIOUSNESS = 105
    TRANSMISSION_COUNT = 106
    TRANSMISSION = 107
    TRANSMISSION_TARGET = 108
    OTHER_CONTACT_COUNT = 109
    OTHER_CONTACT = 110
    OTHER_CONTACT_TARGET = 111
    TEST_SOUGHT = 112
    TEST_RESULT = 113
    TEST_ROUND = 114
    TEST_CONTACT = 115
    TEST_ENTRY = 116
    TRACE_FOUND = 117
    TRACE_BACKWARD = 118
    COMPLIANCE_ISOLATION = 119
    COMPLIANCE_QUARANTINE = 120
    COMPLIANCE_MASK = 121
    VACCINE_CHOICE = 122
    VACCINE_TAKE = 123
    SHIFT = 124
    FALSE_POSITIVE = 125
    REPLICATE = 126

    VISIT_RANK = 200
    VISIT_ACTIVITY = 201
    VISIT_PRESENCE = 202
    VISIT_PLACE = 203
    VISIT_TIME = 204
    VISIT_FAVOURITE = 205
    DIARY_GROUP = 210
    DIARY_WORK = 211
    DIARY_TABLE = 212
    DIARY_RIDE = 213
    DIARY_OUTING = 214
    DIARY_CIRCLE = 215
    DIARY_HOME = 216

    FORECAST_START = 220
    FORECAST_FILTER = 221
    FORECAST_RESAMPLE = 222
    FORECAST_PATH = 223
    FORECAST_COUNT = 224
    FORECAST_BASELINE = 225

    CALIBRATION_DESIGN = 240
    CALIBRATION_PROPOSAL = 241
    CALIBRATION_RUN = 242

    PROBE = 900
    PROBE_OTHER = 901
