"""From what is stored to what is sent: detection, who is told, delivery, the digest."""
