from wagtail.users.forms import UserCreationForm, UserEditForm


class StaffEditForm(UserEditForm):
    pass


class StaffCreationForm(UserCreationForm):
    pass
