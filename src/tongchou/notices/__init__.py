"""What a post is told: an outbox written with the change, delivered in-app, by mail, by HTTP gateway."""
