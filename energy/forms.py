"""How the forms of the pages are rendered."""

from django.forms.renderers import TemplatesSetting


class PageFormRenderer(TemplatesSetting):
    """Renders forms and fields with the project's own templates (see FORM_RENDERER)."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"
