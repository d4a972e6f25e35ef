#include "agents/memory_section.h"

#include "memory/conversation/block.h"
#include "runtime/config/collections.h"
#include "runtime/config/json_value.h"

#include <algorithm>

namespace troupe::agents {

namespace {

using config::Check;
using config::Record;
using memory::MemorySettings;

bool has_key(std::string_view type, std::string_view key) {
  return std::ranges::find(memory::memory_keys(type), key) != memory::memory_keys(type).end();
}

// What programs that people come from call these keys.
void advise(Record<MemorySettings>& memory, std::string_view type) {
  const bool window = type == "window";
  for (const char* key : {"k", "window_size", "max_turns", "last_n", "size"})
    if (window) memory.advise(key, "it is called `turns`");
  if (type == "vector")
    for (const char* key : {"top_k", "results"}) memory.advise(key, "it is called `k`");
  if (type == "vector")
    for (const char* key : {"embedder", "embeddings", "retriever"})
      memory.advise(key, "it is called `embedding`, the name of an entry of `embeddings`");
  for (const char* key : {"max_token_limit", "token_limit", "max_token", "max_length"})
    memory.advise(key, has_key(type, "max_tokens")
                           ? "it is called `max_tokens`"
                           : "it is called `max_tokens`, and belongs to the types token_buffer, summary, "
                             "summary_buffer and those of plugins");
  for (const char* key : {"config", "settings", "parameters"})
    if (!memory::memory_of_plugin(type).empty()) memory.advise(key, "it is called `options`");
  for (const char* key : {"llm", "summary_model", "function_calling_llm"})
    memory.advise(key, "it is called `model`, and belongs to the types summary and summary_buffer");
  for (const char* key : {"return_messages", "memory_key", "input_key", "output_key", "human_prefix",
                          "ai_prefix", "chat_memory"})
    memory.advise(key, "leave it out: turns are always kept as messages, and there is one memory");
  for (const char* key : {"persist", "storage", "path", "db_path"})
    memory.advise(key, "leave it out: conversations are kept in `store`");
  memory.advise("core_memory", "it is called `blocks`, and belongs to the type facts");
  memory.advise("intermediate_steps", "it is called `steps`");
}

void add_steps(Record<MemorySettings>& memory) {
  memory.field("steps", &MemorySettings::steps, config::boolean(),
               "also the tool calls between a message and its answer");
}

void add_max_tokens(Record<MemorySettings>& memory) {
  memory.field("max_tokens", &MemorySettings::max_tokens,
               config::integer<std::int64_t>(memory::kMemoryTokensMin, memory::kMemoryTokensMax),
               "tokens of all that is recalled, a summary included");
}

void add_model(Record<MemorySettings>& memory) {
  memory
      .field("model", &MemorySettings::model, config::reference("models", "model"),
             "who summarises: the name of an entry of `models`; without it the agent's own model")
      .without_default();
}

void add_options(Record<MemorySettings>& memory) {
  memory.field("options", &MemorySettings::options, config::json_object("what the plugin's memory is told"),
               "what it is told, as its own schema has it");
}

void add_turns(Record<MemorySettings>& memory) {
  memory.field("turns", &MemorySettings::turns, config::integer<int>(1, memory::kMemoryTurnsMax),
               "how many of the last turns");
}

void add_search(Record<MemorySettings>& memory) {
  memory.field("k", &MemorySettings::k, config::integer<int>(1, memory::kMemoryKMax),
               "how many earlier turns that are like the message, beside the last two");
  memory
      .field("embedding", &MemorySettings::embedding, config::reference("embeddings", "embedder"),
             "the name of an entry of `embeddings`; without it `default`")
      .without_default();
}

Record<memory::BlockSettings> block() {
  using Block = memory::BlockSettings;
  Record<Block> block("A named piece of the prompt that the agent keeps up to date by itself");
  block
      .field("label", &Block::label, config::text({.expected = "a label"}),
             "its name; agents that have a block of the same label in a conversation share it")
      .required();
  block.field("description", &Block::description,
              config::text({.expected = "a description", .empty_allowed = true}),
              "for the agent: what belongs into it");
  block.field("value", &Block::value, config::text({.expected = "a text", .empty_allowed = true}),
              "what is in it at the beginning of a conversation");
  block.field("limit", &Block::limit, config::integer<std::int64_t>(1, memory::kBlockCharactersMax),
              "characters");
  block.field("read_only", &Block::read_only, config::boolean(), "the agent reads it and cannot edit it");
  block.advise("name", "it is called `label`");
  block.advise("content", "it is called `value`");
  block.advise("max_chars", "it is called `limit`");
  block.check([](const Block& settings, Check& check) {
    if (auto made = memory::make_block(settings); !made) check.error("", made.error().message);
  });
  return block;
}

void add_blocks(Record<MemorySettings>& memory) {
  memory
      .field("blocks", &MemorySettings::blocks,
             config::list_of(config::shape(block()), "a list of blocks", memory::kBlocksMax),
             "what the agent keeps up to date by itself, with tools that it is given")
      .required();
}

Record<MemorySettings> record_of(std::string_view type, std::string about) {
  Record<MemorySettings> memory(std::move(about));
  for (std::string_view key : memory::memory_keys(type)) {
    if (key == "steps") add_steps(memory);
    if (key == "max_tokens") add_max_tokens(memory);
    if (key == "model") add_model(memory);
    if (key == "turns") add_turns(memory);
    if (key == "k") add_search(memory);
    if (key == "blocks") add_blocks(memory);
    if (key == "options") add_options(memory);
  }
  advise(memory, type);
  // What its parts allow and the whole does not.
  memory.check([](const MemorySettings& settings, Check& check) {
    for (const memory::SettingProblem& problem : memory::check_memory(settings))
      check.error(problem.key, problem.message);
  });
  return memory;
}

}  // namespace

config::ShapePtr<MemorySettings> memory_section() {
  auto kind = [](std::string word, std::string about, std::string whole) {
    return config::Choice<MemorySettings>::Kind{word, std::move(about), record_of(word, std::move(whole))};
  };
  config::Choice<MemorySettings> type(
      "type", &MemorySettings::type,
      {kind("none", "each message stands alone", "No memory"),
       kind("buffer", "the whole conversation", "The whole conversation"),
       kind("window", "the last turns", "The last turns"),
       kind("token_buffer", "as many of the last turns as have so many tokens",
            "The last turns, as many as have so many tokens"),
       kind("summary", "a summary of the conversation, and the last turn",
            "A summary that a model keeps up to date, and the last turn"),
       kind("summary_buffer", "the last turns, and a summary of those before",
            "The last turns, and a summary of those before that a model keeps up to date"),
       kind("vector", "earlier turns that are like the message, and the last two",
            "The earlier turns that are most like the message, and the last two"),
       kind("facts", "blocks of text that the agent edits itself, and the last turns",
            "Named blocks of text that stand in the agent's prompt and that it edits by itself"),
       kind("plugin/NAME", "what the plugin NAME chooses; plugin/NAME/SERVICE where it has several",
            "What a plugin chooses of the earlier turns, and what it notes of them")},
      {});
  return config::shape(std::move(type.with_shorthand()));
}

}  // namespace troupe::agents
