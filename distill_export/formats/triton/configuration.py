"""A model's `config.pbtxt`: what Triton has to know of the graph, as a protobuf in text.

The field's names are those of Triton's `model_config.proto`. The model's name is left out: it is
its folder's then, which may be renamed.
"""

from __future__ import annotations

from distill_runtime import contract

# A sequence that sends nothing for so long is given up, and its place in memory with it. A player
# asks for half a second at a time, but one who listens may stop to think.
_IDLE_US = 60_000_000
# As many sequences as one instance keeps the state of; further ones wait until another has ended.
_SEQUENCES = 64

_TEMPLATE = """\
# Written by distill-export: docs/scale.md says what to send, and what may be changed here.
backend: "onnxruntime"
default_model_filename: "{file}"
max_batch_size: 0
input [
  {{ name: "{latents}" data_type: TYPE_FP32 dims: [ 1, -1, {latent_dim} ] }}
]
output [
  {{ name: "{audio}" data_type: TYPE_FP32 dims: [ 1, -1 ] }}
]
sequence_batching {{
  max_sequence_idle_microseconds: {idle_us}
  oldest {{ max_candidate_sequences: {sequences} }}
  control_input [
    {{
      name: "{end}"
      control [ {{ kind: CONTROL_SEQUENCE_END bool_false_true: [ false, true ] }} ]
    }}
  ]
  state [
    {{
      input_name: "{state}"
      output_name: "{next_state}"
      data_type: TYPE_FP32
      dims: [ 1, {state_size} ]
      initial_state [
        {{ name: "zeros" data_type: TYPE_FP32 dims: [ 1, {state_size} ] zero_data: true }}
      ]
    }}
  ]
}}
instance_group [ {{ kind: KIND_CPU count: 1 }} ]
parameters [
  {{ key: "sample_rate_hz" value {{ string_value: "{rate_hz}" }} }},
  {{ key: "step_samples" value {{ string_value: "{step_samples}" }} }},
  {{ key: "latency_samples" value {{ string_value: "{latency_samples}" }} }}
]
"""


def configuration(*, file: str, latent_dim: int, state_size: int, latency_samples: int) -> str:
    """Return the text of a model's `config.pbtxt`.

    Args:
        file: The graph's name in the folder of its version.
        latent_dim: Of the graph's latents.
        state_size: Values of its state.
        latency_samples: Silent samples at the start of every sequence.
    """
    return _TEMPLATE.format(
        file=file,
        latents=contract.LATENTS,
        audio=contract.AUDIO,
        end=contract.END,
        state=contract.STATE,
        next_state=contract.NEXT_STATE,
        latent_dim=latent_dim,
        state_size=state_size,
        idle_us=_IDLE_US,
        sequences=_SEQUENCES,
        rate_hz=contract.SAMPLE_RATE_HZ,
        step_samples=contract.STEP_SAMPLES,
        latency_samples=latency_samples,
    )
