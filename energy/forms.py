"""How every form of the pages is drawn."""

from django.forms.renderers import TemplatesSetting


class PageFormRenderer(TemplatesSetting):
    """Draws forms and fields with the project's own templates (see FORM_RENDERER)."""

    form_template_name = "partials/form.html"
    field_template_name = "partials/field.html"
