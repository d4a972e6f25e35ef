#include "app/import/adk_keys.h"

namespace troupe::app {

namespace {

constexpr std::string_view kCallbacks =
    "callbacks are Python code; rules for what goes in and out are the agent's `guardrails`, and every step "
    "is an "
    "event of `troupe ask --json`";
constexpr std::string_view kToolCallbacks =
    "callbacks are Python code; calls that a person decides about are named in the agent's `approve`";
constexpr std::string_view kExtraBody = "write it into `extra_body` of the entry in `models`";

constexpr ListedKey kAgentKeys[] = {
    {"include_contents", "there are default and none; it became default"},
    {"global_instruction", "is for all agents of the tree; write it into the `instructions` of each"},
    {"planner", "is Python code; an agent that plans first has `strategy: plan_execute`"},
    {"code_executor", "code is run by a tool of `type: code`; add one to the agent's `tools`"},
    {"mode", "it is how an agent is called in a workflow: the team's `pattern` says it"},
    {"before_agent_callback", kCallbacks},
    {"after_agent_callback", kCallbacks},
    {"before_model_callback", kCallbacks},
    {"after_model_callback", kCallbacks},
    {"before_tool_callback", kToolCallbacks},
    {"after_tool_callback", kToolCallbacks},
    {"on_model_error_callback", kCallbacks},
    {"on_tool_error_callback", kToolCallbacks},
    {"timeout", "it is `limits: { time: … }` of the agent"},
    {"retry_config", "it is `retries` of the entry in `models`"},
    {"before_agent_callbacks", kCallbacks},
    {"after_agent_callbacks", kCallbacks},
    {"before_model_callbacks", kCallbacks},
    {"after_model_callbacks", kCallbacks},
    {"before_tool_callbacks", kToolCallbacks},
    {"after_tool_callbacks", kToolCallbacks},
    {"model_code", "is Python code; write an entry of `models`, and name it with the agent's `model`"},
    {"input_schema", "is Python code; an agent takes a text and the run's inputs"},
    {"output_schema", "is Python code; write its JSON Schema into `output: { schema: … }` of the agent"},
    {"output_key",
     "a result has a name as a task of `pattern: sequential`: later tasks say {name}; elsewhere "
     "`board: true` of the team lets members keep notes"},
    {"accumulate_output_key",
     "results are not gathered in one value; a team of `pattern: parallel` joins them"},
    {"disallow_transfer_to_parent",
     "it is about agents that hand over: `handoffs` of a team of `pattern: handoff`"},
    {"disallow_transfer_to_peers",
     "it is about agents that hand over: `handoffs` of a team of `pattern: handoff`"},
    {"max_iterations", "it is for a LoopAgent"},
};

constexpr ListedKey kContentKeys[] = {
    {"temperature", "only numbers from 0 to 1 are carried over; write it at the entry in `models`"},
    {"top_p", "only numbers from 0 to 1 are carried over; write it at the entry in `models`"},
    {"seed", "is no whole number; write it at the entry in `models`"},
    {"max_output_tokens", "is no whole number; write it at the entry in `models`"},
    {"top_k", kExtraBody},
    {"stop_sequences", "the strategy says where a reply ends"},
    {"candidate_count", "one reply is asked for"},
    {"presence_penalty", kExtraBody},
    {"frequency_penalty", kExtraBody},
    {"response_mime_type", "it is `output: { schema: … }` of the agent"},
    {"response_schema", "it is `output: { schema: … }` of the agent"},
    {"safety_settings", "it is `safety: { harassment: low, … }` of the entry in `models`"},
    {"thinking_config", "it is `thinking: N` of the entry in `models`, a number of tokens"},
    {"http_options", "`timeout` and `retries` belong to the entry in `models`"},
    {"system_instruction", "write it into the agent's `instructions`"},
};

}  // namespace

std::span<const ListedKey> adk_agent_keys() {
  return kAgentKeys;
}
std::span<const ListedKey> adk_content_keys() {
  return kContentKeys;
}

}  // namespace troupe::app
