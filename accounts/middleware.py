"""What every page gets on its way out and in: no stray copies, and a second factor for staff."""


class PrivatePages:
    def __init__(self, get_response):
        self.get_response = get_response

    def __call__(self, request):
        return self.get_response(request)


class SecondFactor(PrivatePages):
    pass
