#include "app/import/crewai_keys.h"

namespace troupe::app {

namespace {

constexpr std::string_view kCode = "is Python code, which is not run here";
constexpr std::string_view kEvents =
    "callbacks are Python code; every step is an event: read them from `troupe ask --json` or the daemon's "
    "stream";
constexpr std::string_view kKnowledge =
    "write the sources under `knowledge`, a tool of type `retriever` for them, and name it at the agent";
constexpr std::string_view kEmbedder = "write an entry of `embeddings`, and name it at the knowledge base";
constexpr std::string_view kTemplates =
    "the prompt is the strategy's; write a file of your own and name it with the agent's `prompt`";
constexpr std::string_view kExecution =
    "code is run by a tool of `type: code`; add one to the agent's `tools`";
constexpr std::string_view kRate =
    "calls are limited for each model: `requests_per_minute` of its entry in `models`";
constexpr std::string_view kStored = "runs are journaled and go on after a crash by themselves";
constexpr std::string_view kMcp = "servers of MCP are not available in this version";
constexpr std::string_view kSkills = "write what the skill says into the agent's `instructions`";
constexpr std::string_view kPlans = "an agent that plans first has `strategy: plan_execute`";
constexpr std::string_view kSchema =
    "the class is Python code; write its JSON Schema into `output: { schema: … }` of the agent";
constexpr std::string_view kSecurity = "who may use the daemon is said under `server: { auth: … }`";
constexpr std::string_view kFailures = "an error of a tool is an observation that the agent goes on with";
constexpr std::string_view kFitted =
    "prompts always are fitted to the model's `context`; long conversations are "
    "summarised with `memory: { type: summary_buffer, max_tokens: … }`";
constexpr std::string_view kTrace = "`troupe ask --trace` shows thoughts, actions and observations";

constexpr ListedKey kAgentKeys[] = {
    {"max_iter", "is no whole number from 1 to 1000; write `limits: { steps: … }` of the agent"},
    {"max_execution_time",
     "is no whole number of seconds up to a day; write `limits: { time: … }` of the agent"},
    {"max_tokens", "is no whole number; write `max_output_tokens` of the entry in `models`"},
    {"function_calling_llm", "one model does both; the agent's `model` also calls the tools"},
    {"max_rpm", kRate},
    {"max_retry_limit", "calls of a model are repeated by its entry in `models`: `retries`"},
    {"verbose", kTrace},
    {"cache", "replies are cached by the model: `cache: memory` or `cache: sqlite` of its entry in `models`"},
    {"cache_handler",
     "replies are cached by the model: `cache: memory` or `cache: sqlite` of its entry in `models`"},
    {"system_template", kTemplates},
    {"prompt_template", kTemplates},
    {"response_template", kTemplates},
    {"use_system_prompt", "instructions always are the system message"},
    {"step_callback", kEvents},
    {"callbacks", kEvents},
    {"allow_code_execution", kExecution},
    {"allow_unsafe_code_execution", kExecution},
    {"code_execution_mode", kExecution},
    {"respect_context_window", kFitted},
    {"multimodal", "images are sent along with a message; the model must be able to see"},
    {"reasoning", kPlans},
    {"max_reasoning_attempts", kPlans},
    {"knowledge_sources", kKnowledge},
    {"knowledge_storage", kKnowledge},
    {"knowledge_config", "it is `search: { k: …, mode: … }` of the knowledge base"},
    {"embedder", kEmbedder},
    {"agent_knowledge_context", kKnowledge},
    {"crew_knowledge_context", kKnowledge},
    {"knowledge_search_query", "the agent writes its queries by itself"},
    {"date_format", "the tool `clock` says date and time in ISO 8601"},
    {"from_repository", "agents are not fetched from elsewhere; write it out here"},
    {"mcps", kMcp},
    {"apps", "write what the app offers as tools"},
    {"skills", kSkills},
    {"memory", "it is `memory: { type: … }` of the agent; without it an agent remembers its conversation"},
    {"checkpoint", kStored},
    {"type", "the class is Python code; the agent is an ordinary one"},
    {"settings", "is no map of keys of an agent"},
    {"planning", kPlans},
    {"planning_config", kPlans},
    {"config", "write its keys into the agent"},
    {"security_config", kSecurity},
    {"tool_failure_policy", kFailures},
    {"use_better_compaction", kFitted},
};

constexpr ListedKey kTaskKeys[] = {
    {"tools", "tools belong to agents: name them at the one who does the task"},
    {"callback", kEvents},
    {"callbacks", kEvents},
    {"output_json", kSchema},
    {"output_pydantic", kSchema},
    {"create_directory", "folders below `artifacts` are made where they are missing"},
    {"async_execution",
     "tasks are done one after another; those that may run at once make a team of `pattern: "
     "parallel`, which can be the agent of one task here"},
    {"human_input",
     "a person is asked where it matters: name the tools in the agent's `approve`, or make the team "
     "a `graph` with a node `person`"},
    {"allow_crewai_trigger_context", "nothing of a trigger is put into tasks; pass it with `--input`"},
    {"type", "the class is Python code; the task is an ordinary one"},
    {"config", "write its keys into the task"},
    {"condition", "is Python code; steps that are taken or not are a team of `pattern: graph`"},
    {"response_model", kSchema},
    {"converter_cls", kCode},
    {"input_files", "files are sent along with a message: `troupe ask --image`, or a tool reads them"},
    {"security_config", kSecurity},
    {"tool_failure_policy", kFailures},
};

constexpr ListedKey kCrewKeys[] = {
    {"process", "there are sequential and hierarchical; it became sequential"},
    {"manager_agent", "is none of the agents, so it is left out"},
    {"verbose", kTrace},
    {"function_calling_llm", "one model does both; an agent's `model` also calls its tools"},
    {"config", "write its keys into the crew"},
    {"max_rpm", kRate},
    {"memory", "it is `memory: { type: … }` of each agent"},
    {"cache", "replies are cached by the model: `cache: memory` or `cache: sqlite` of its entry in `models`"},
    {"embedder", kEmbedder},
    {"step_callback", kEvents},
    {"task_callback", kEvents},
    {"share_crew", "nothing is ever sent to anybody about a run"},
    {"output_log_file", "`troupe runs export` writes what happened in a run"},
    {"prompt_file", kTemplates},
    {"planning",
     "an agent that plans first has `strategy: plan_execute`; a team that does is `pattern: supervisor`"},
    {"planning_llm",
     "an agent that plans first has `strategy: plan_execute`; a team that does is `pattern: "
     "supervisor`"},
    {"knowledge_sources", kKnowledge},
    {"stream", "answers always are streamed"},
    {"chat_llm", "`troupe chat` talks to the team itself"},
    {"before_kickoff_callbacks", kCode},
    {"after_kickoff_callbacks", kCode},
    {"tracing", kTrace},
    {"skills", kSkills},
    {"security_config", kSecurity},
    {"tool_failure_policy", kFailures},
    {"trained_agents_file", "agents are not trained; write what they learned into `instructions`"},
    {"checkpoint", kStored},
};

}  // namespace

std::span<const ListedKey> crewai_agent_keys() {
  return kAgentKeys;
}
std::span<const ListedKey> crewai_task_keys() {
  return kTaskKeys;
}
std::span<const ListedKey> crewai_crew_keys() {
  return kCrewKeys;
}

}  // namespace troupe::app
