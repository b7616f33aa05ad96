import pytest
import yaml

from cpost.record.secrecy import arguments_without_secrets, definition_without_secrets


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("TOKEN: abc\n", 'TOKEN: "***"\n'),
        ("a: {api_key: 'x y', b: 1}  # note\n", 'a: {api_key: "***", b: 1}  # note\n'),
        ("a:\n- PASSWORD:   \u00e9\u00e9  # note\n  b: \u00e9\n", None),
        ("SECRET: |\n   one\n   two\n\n# more\nb: 1\n", 'SECRET: "***"\n\n# more\nb: 1\n'),
        ("KEY: >-\n  folded\nb: 1", 'KEY: "***"\nb: 1'),
        ("a: &x abc\nKEY: &k abc\nb: *k\n", 'a: &x abc\nKEY: &k "***"\nb: *k\n'),
        ("KEY: !!str abc\n", 'KEY: !!str "***"\n'),
        ("\ufeffTOKEN: abc\r\nb: 1\r\n", '\ufeffTOKEN: "***"\r\nb: 1\r\n'),
        ("TOKEN: ''\nSECRET:\n", "TOKEN: ''\nSECRET:\n"),
        ("pull-secrets: [one, two]\n", "pull-secrets: [one, two]\n"),
        ("a: 1\n---\nTOKEN: abc\n", 'a: 1\n---\nTOKEN: "***"\n'),
        ("", ""),
        ("#!/bin/bash\n# TOKEN: in a comment\na: ${{ TOKEN }}\n", None),
    ],
)
def test_values_of_secret_looking_keys_are_replaced_and_nothing_else(text, kept):
    if kept is None:
        kept = text.replace("\u00e9\u00e9", '"***"')
    assert definition_without_secrets(text) == kept
    assert list(yaml.safe_load_all(kept.lstrip("\ufeff"))) is not None


def test_the_value_behind_an_alias_is_replaced_where_it_stands():
    assert definition_without_secrets("a: &x abc\nKEY: *x\n") == 'a: &x "***"\nKEY: *x\n'


def test_a_definition_that_contains_itself_is_no_trap():
    assert definition_without_secrets("a: &x [*x, {KEY: abc}]\n") == 'a: &x [*x, {KEY: "***"}]\n'


def test_what_is_no_yaml_is_withheld():
    assert "hunter2" not in definition_without_secrets("TOKEN: [hunter2\n")


@pytest.mark.parametrize(
    ("argument", "kept"),
    [
        ("API_TOKEN=abc", "API_TOKEN=***"),
        ("--param=API_TOKEN=a=b", "--param=API_TOKEN=***"),
        ("MODE=fast", "MODE=fast"),
        ("--param=MODE=fast", "--param=MODE=fast"),
        ("--record_dir=/data/keys", "--record_dir=/data/keys"),
        ("/data/key.yaml", "/data/key.yaml"),
        ("KEY=", "KEY="),
    ],
)
def test_arguments_that_give_a_secret_hide_it(argument, kept):
    assert arguments_without_secrets([argument]) == [kept]
