#include "memory/conversation/last_turns.h"

namespace troupe::memory {

namespace {

constexpr std::size_t kPage = 64;

}  // namespace

LastTurns::LastTurns(const MemorySettings& settings, const MemoryServices& services)
    : bounds_(bounds_of(settings)),
      ruler_(counts_tokens(settings) ? services.tokens : bytes()),
      reader_(services.journal, settings.steps ? services.steps : nullptr) {}

Task<Result<Recalled>> LastTurns::recall(std::string, CallContext& context) {
  if (bounds_.turns == 0) co_return Recalled{.record = to_json(Selection(), {})};
  const bool counted = bounds_.turns == kRecallTurns;
  auto read = co_await reader_.read(context, counted ? kPage : bounds_.turns, bounds_.turns, false,
                                    [this](const TurnReader::Read& so_far) {
                                      return recall_last(so_far.remembered, bounds_, ruler_).older > 0;
                                    });
  if (!read) co_return std::unexpected(read.error());
  Recollection what = recall_last(read->remembered, bounds_, ruler_);
  Json record = to_json(what.selection, read->remembered.turns);
  co_return Recalled{std::move(what), std::move(record)};
}

Task<Result<Recollection>> LastTurns::recall_again(Json record, CallContext& context) {
  return reader_.again(std::move(record), ruler_, context);
}

}  // namespace troupe::memory
