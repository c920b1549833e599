"""A small invented city in the shape of a real one, so that every figure can be checked by hand."""

from tongchou.audit import By

CLERK = By(post="SYS_ADMIN-1", user="u1", name="测试员")

# Invented names under a real city code: two counties, four townships, ten villages.
SMALL_CITY = """code,name
510400000000,试验市
510402000000,东山区
510402001000,河口街道
510402001001,一村
510402001002,二村
510402001003,三村
510402002000,桥头镇
510402002001,甲村
510402002002,乙村
510403000000,西山区
510403001000,石门镇
510403001001,上村
510403001002,下村
510403002000,青林乡
510403002201,南村
510403002202,北村
510403002203,中村
"""
