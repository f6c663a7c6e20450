"""What the machine of the whole exchange is made of: letters, a site they are sent to, a model of what comes of them."""
