#include "plugins/plugin_memory.h"

#include "memory/conversation/keep_notes.h"
#include "memory/conversation/recall_plan.h"
#include "models/warning.h"
#include "plugins/host/fitting.h"
#include "plugins/services.h"
#include "tools/observation.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

namespace troupe::plugins {

namespace {

class FoundMemory final : public memory::OutsideMemory {
 public:
  explicit FoundMemory(FoundService found) : found_(std::move(found)) {}

  std::unique_ptr<memory::Memory> make(const memory::MemorySettings& settings,
                                       memory::MemoryServices services) const override {
    return std::make_unique<PluginMemory>(settings, std::move(services), found_.plugin, found_.service);
  }

 private:
  const FoundService found_;
};

}  // namespace

PluginMemory::PluginMemory(memory::MemorySettings settings, memory::MemoryServices services,
                           std::shared_ptr<Plugin> plugin, std::size_t service)
    : settings_(std::move(settings)),
      services_(std::move(services)),
      plugin_(std::move(plugin)),
      service_(service),
      reader_(services_.journal, settings_.steps ? services_.steps : nullptr) {}

Error PluginMemory::told(Error error) const {
  error = named(*plugin_, std::move(error));
  error.message = fmt::format("memory `{}`: {}", service().name, error.message);
  return error;
}

Task<Result<std::string>> PluginMemory::ask(Json input, const memory::Remembered& remembered,
                                            CallContext& context) {
  if (remembered.notes) input["notes"] = remembered.notes->text;
  input["max_tokens"] = settings_.max_tokens;
  input["options"] = settings_.options;
  const Milliseconds own = service().timeout;
  CallContext bounded = context;
  bounded.deadline = context.deadline.sooner(
      Deadline::after(context.loop.clock(), own > Milliseconds::zero() ? own : kMemoryTime));
  auto answer = co_await plugin_->call({.service = service_, .input = dump(input)}, bounded);
  if (!answer) co_return fail(std::move(answer.error()));
  co_return std::move(answer->text);
}

Task<Result<TurnChoice>> PluginMemory::choose(std::string message, const memory::Remembered& remembered,
                                              CallContext& context) {
  GivenTurns given = newest_given(remembered.turns);
  auto answer = co_await ask({{"do", "recall"},
                              {"message", tools::beginning(message, kMemoryTurnBytes)},
                              {"turns", std::move(given.turns)}},
                             remembered, context);
  if (!answer) co_return fail(std::move(answer.error()));
  auto choice = read_choice(*answer, given.count);
  if (choice)
    for (std::size_t& place : choice->places) place += given.first;
  co_return choice;
}

Task<Result<memory::Recalled>> PluginMemory::recall(std::string message, CallContext& context) {
  auto read = co_await reader_.read_since_notes(context);
  if (!read) co_return std::unexpected(read.error());
  const memory::Remembered& remembered = read->remembered;
  const memory::RecallBounds bounds = memory::bounds_of(settings_);
  memory::Recollection what;
  if (remembered.notes || !remembered.turns.empty()) {
    auto chosen = co_await choose(std::move(message), remembered, context);
    if (chosen) {
      what = memory::recall_chosen(remembered, chosen->places, chosen->notes, bounds, services_.tokens);
    } else {
      if (context.stop.requested()) co_return within("memory", told(std::move(chosen.error())));
      models::warn(context, "memory_degraded",
                   fmt::format("the newest turns that fit are recalled, since no choice came of {}",
                               told(std::move(chosen.error())).message));
      what = memory::recall_last(remembered, bounds, services_.tokens);
    }
  }
  Json record = to_json(what.selection, remembered.turns);
  co_return memory::Recalled{std::move(what), std::move(record)};
}

Task<Result<memory::Recollection>> PluginMemory::recall_again(Json record, CallContext& context) {
  return reader_.again(std::move(record), services_.tokens, context);
}

Task<Result<>> PluginMemory::settle(CallContext& context) {
  auto read = co_await reader_.read_since_notes(context);
  if (!read) co_return std::unexpected(read.error());
  const memory::Remembered& remembered = read->remembered;
  if (!memory::may_keep_notes(read->rows) || remembered.turns.empty()) co_return Result<>();
  GivenTurns given = oldest_given(remembered.turns);
  auto answer = co_await ask({{"do", "settle"}, {"turns", std::move(given.turns)}}, remembered, context);
  auto notes = answer ? read_notes(*answer, given.count) : fail(std::move(answer.error()));
  if (!notes) {
    if (context.stop.requested()) co_return within("memory", told(std::move(notes.error())));
    models::warn(context, "memory_degraded",
                 fmt::format("notes stay as they are, and are asked for again after the next answer: {}",
                             told(std::move(notes.error())).message));
    co_return Result<>();
  }
  if (!*notes) co_return Result<>();
  const std::size_t taken = (*notes)->turns;
  co_return co_await memory::keep_notes(services_.journal, read->rows.back(),
                                        memory::compacted(remembered, taken, std::move((*notes)->text)),
                                        taken, remembered.turns.size() - taken);
}

Result<std::shared_ptr<const memory::OutsideMemory>> make_plugin_memory(
    const memory::MemorySettings& settings, const PluginTable& plugins) {
  auto found = find_service(plugins, kMemoryKind, std::string(memory::memory_of_plugin(settings.type)));
  if (!found) return fail(std::move(found.error()));
  if (auto fits = check_fits(settings.options, found->description().input_schema, "options"); !fits)
    return within(
        fmt::format("memory `{}` of plugin `{}`", found->description().name, found->plugin->settings().name),
        std::move(fits.error()));
  return std::make_shared<const FoundMemory>(std::move(*found));
}

std::function<Result<std::shared_ptr<const memory::OutsideMemory>>(const memory::MemorySettings&)>
memory_maker(PluginTable table) {
  return [table = std::move(table)](const memory::MemorySettings& settings) {
    return make_plugin_memory(settings, table);
  };
}

}  // namespace troupe::plugins
