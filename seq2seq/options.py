"""How commands read their options: one that takes one value may be given once."""

from typing import Any

from typer.core import TyperCommand, TyperOption

from data_prep.errors import UserError


class SingleValueCommand(TyperCommand):
    """A command that refuses an option given twice, unless the option takes several values or none."""

    def make_parser(self, ctx: Any) -> Any:
        """The parser of the command line, whose result is checked."""
        parser = super().make_parser(ctx)
        parse = parser.parse_args

        def checked(args: list[str]) -> Any:
            values, rest, given = parse(args)
            for option in given:
                single = isinstance(option, TyperOption) and not (option.multiple or option.is_flag or option.count)
                if single and sum(other is option for other in given) > 1:
                    raise UserError(f"{option.opts[0]}: given more than once, and it takes one value")
            return values, rest, given

        parser.parse_args = checked  # type: ignore[method-assign]
        return parser
