"""Users, posts, deputies, responsibilities, scope, the permission table, masking, sealed fields."""
