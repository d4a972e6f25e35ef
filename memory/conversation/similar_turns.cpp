#include "memory/conversation/similar_turns.h"

#include "memory/conversation/similar.h"
#include "models/warning.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kEmbeddedAtOnce =
    256;  // turns without a vector; the rest when they are next looked for

}  // namespace

SimilarTurns::SimilarTurns(MemorySettings settings, MemoryServices services)
    : settings_(std::move(settings)),
      services_(std::move(services)),
      bounds_(bounds_of(settings_)),
      ruler_(bytes()),
      reader_(services_.journal, settings_.steps ? services_.steps : nullptr) {}

Task<Result<TurnReader::Read>> SimilarTurns::read(CallContext& context, std::size_t turns) {
  return reader_.read(context, turns, turns, false, [](const TurnReader::Read&) { return true; });
}

Task<Result<SimilarTurns::Vectors>> SimilarTurns::vectors_of(std::span<const Turn> turns, std::string query,
                                                             CallContext& context) {
  std::vector<std::string> runs;
  for (const Turn& turn : turns) runs.push_back(turn.run);
  auto vectors = co_await services_.vectors->find(services_.embedder->name(), std::move(runs));
  if (!vectors) co_return std::unexpected(vectors.error());
  std::vector<std::string> texts;
  std::vector<std::size_t> places;
  for (std::size_t at = turns.size(); at-- > 0 && texts.size() < kEmbeddedAtOnce;) {
    std::string text = (*vectors)[at].empty() ? text_to_embed(turns[at]) : "";
    if (text.empty()) continue;
    texts.push_back(std::move(text));
    places.push_back(at);
  }
  const bool asked = !query.empty();
  if (asked) texts.push_back(std::move(query));
  if (texts.empty()) co_return vectors;
  auto made = co_await services_.embedder->embed(std::move(texts), context);
  if (!made) co_return std::unexpected(made.error());
  std::vector<std::pair<std::string, TurnVectors::Vector>> fresh;
  for (std::size_t i = 0; i < places.size(); ++i) {
    const auto row = made->row(i);
    (*vectors)[places[i]].assign(row.begin(), row.end());
    fresh.emplace_back(turns[places[i]].run, (*vectors)[places[i]]);
  }
  if (asked) {
    const auto row = made->row(places.size());
    vectors->emplace_back(row.begin(), row.end());
  }
  if (auto kept = co_await services_.vectors->keep(services_.embedder->name(), std::move(fresh)); !kept)
    co_return std::unexpected(kept.error());
  co_return vectors;
}

Task<Result<Recalled>> SimilarTurns::recall(std::string message, CallContext& context) {
  auto found = co_await read(context, kRecallTurns);
  if (!found) co_return std::unexpected(found.error());
  const std::vector<Turn>& turns = found->remembered.turns;
  const std::size_t earlier = turns.size() - std::min(turns.size(), kLast);
  const auto k = static_cast<std::size_t>(settings_.k);
  std::vector<std::size_t> places;
  std::size_t last = kLast;
  std::string query = text_to_embed(message);
  if (earlier <= k || query.empty()) {
    last = kLast + k;
  } else {
    auto vectors = co_await vectors_of(std::span(turns).first(earlier), std::move(query), context);
    if (vectors) {
      const TurnVectors::Vector asked = std::move(vectors->back());
      vectors->pop_back();
      places = most_similar(asked, *vectors, k);
    } else {
      if (context.stop.requested()) co_return within("memory", vectors.error());
      models::warn(context, "memory_degraded",
                   fmt::format("earlier turns cannot be searched, the last {} are recalled: {}", kLast + k,
                               vectors.error().message));
      last = kLast + k;
    }
  }
  Recollection what = recall_places(found->remembered, places, last, bounds_, ruler_);
  Json record = to_json(what.selection, turns);
  co_return Recalled{std::move(what), std::move(record)};
}

Task<Result<Recollection>> SimilarTurns::recall_again(Json record, CallContext& context) {
  return reader_.again(std::move(record), ruler_, context);
}

Task<Result<>> SimilarTurns::settle(CallContext& context) {
  auto found = co_await read(context, 1);
  if (!found) co_return std::unexpected(found.error());
  auto made = co_await vectors_of(found->remembered.turns, "", context);
  if (!made && context.stop.requested()) co_return within("memory", made.error());
  if (!made)
    models::warn(context, "memory_degraded",
                 fmt::format("the turn has no vector yet; tried again when it is looked for: {}",
                             made.error().message));
  co_return Result<>();
}

}  // namespace troupe::memory
