"""The demo's operators: what the containers of the demo pipeline execute."""
