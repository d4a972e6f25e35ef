#include "memory/conversation/summarized_turns.h"

#include "memory/conversation/keep_notes.h"
#include "models/warning.h"

#include <fmt/format.h>

namespace troupe::memory {

SummarizedTurns::SummarizedTurns(MemorySettings settings, MemoryServices services)
    : settings_(std::move(settings)),
      services_(std::move(services)),
      reader_(services_.journal, settings_.steps ? services_.steps : nullptr) {}

Task<Result<Recalled>> SummarizedTurns::recall(std::string, CallContext& context) {
  auto found = co_await reader_.read_since_notes(context);
  if (!found) co_return std::unexpected(found.error());
  Recollection what = recall_last(found->remembered, bounds_of(settings_), services_.tokens);
  if (what.older > 0)
    models::warn(context, "memory_left_out",
                 fmt::format("{} earlier turn{} in no summary yet and {} not fit memory.max_tokens {}: the "
                             "agent does not see {}",
                             what.older, what.older == 1 ? " is" : "s are", what.older == 1 ? "does" : "do",
                             settings_.max_tokens, what.older == 1 ? "it" : "them"));
  Json record = to_json(what.selection, found->remembered.turns);
  co_return Recalled{std::move(what), std::move(record)};
}

Task<Result<Recollection>> SummarizedTurns::recall_again(Json record, CallContext& context) {
  return reader_.again(std::move(record), services_.tokens, context);
}

Task<Result<>> SummarizedTurns::settle(CallContext& context) {
  auto found = co_await reader_.read_since_notes(context);
  if (!found) co_return std::unexpected(found.error());
  if (!may_keep_notes(found->rows)) co_return Result<>();
  const auto plan = plan_compaction(settings_, found->remembered, services_.tokens);
  if (!plan) co_return Result<>();
  co_return co_await compact(*found, *plan, context);
}

Task<Result<>> SummarizedTurns::compact(const TurnReader::Read& read, const Compaction& plan,
                                        CallContext& context) {
  const Remembered& remembered = read.remembered;
  std::vector<std::vector<models::Message>> turns;
  for (std::size_t i = 0; i < plan.turns; ++i)
    turns.push_back(messages_of(remembered.turns[i], plan.cuts[i]));
  auto made = co_await summarize(remembered.notes ? remembered.notes->text : "", std::move(turns), plan.notes,
                                 services_.tokens, *services_.prompt, *services_.model, context);
  if (!made) {
    if (context.stop.requested()) co_return std::unexpected(made.error());
    models::warn(context, "memory_degraded",
                 fmt::format("{} earlier turns could not be summarised and stay as they are, the oldest left "
                             "out where they do not fit; tried again after the next answer: {}",
                             plan.turns, made.error().message));
    co_return Result<>();
  }
  if (made->cut)
    models::warn(context, "summary_cut",
                 fmt::format("the summary was cut off after about {} tokens, its limit", plan.notes));
  co_return co_await keep_notes(services_.journal, read.rows.back(),
                                compacted(remembered, plan.turns, std::move(made->text)), plan.turns,
                                plan.kept);
}

}  // namespace troupe::memory
