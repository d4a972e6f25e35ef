#include "models/embedders/batching.h"

#include "models/token_estimate.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace troupe::models {

namespace {

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n\v\f") == std::string_view::npos;
}

// Counted only where it decides something.
std::vector<std::int64_t> tokens_of(const std::vector<std::string>& texts, bool counted) {
  std::vector<std::int64_t> tokens(texts.size());
  if (counted) std::ranges::transform(texts, tokens.begin(), estimate_tokens);
  return tokens;
}

}  // namespace

std::vector<std::size_t> batch_ends(std::span<const std::int64_t> tokens, const EmbedderLimits& limits) {
  const std::size_t texts_max = limits.texts ? limits.texts : tokens.size();
  const std::int64_t tokens_max = limits.call_tokens / 3 * 2;
  std::vector<std::size_t> ends;
  std::size_t texts = 0;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool full = texts == texts_max || (tokens_max > 0 && sum + tokens[i] > tokens_max);
    if (full && texts > 0) {
      ends.push_back(i);
      texts = 0;
      sum = 0;
    }
    ++texts;
    sum += tokens[i];
  }
  if (texts > 0) ends.push_back(tokens.size());
  return ends;
}

Result<> check_vectors(const Vectors& vectors, std::size_t texts, std::size_t dimensions) {
  if (vectors.rows() != texts)
    return fail(ErrorCode::protocol,
                fmt::format("the answer has {} vectors for {} texts", vectors.rows(), texts));
  if (dimensions && vectors.dimensions != dimensions)
    return fail(ErrorCode::protocol,
                fmt::format("the answer has vectors of {} dimensions instead of {}: check this entry's "
                            "`dimensions` and `model`",
                            vectors.dimensions, dimensions));
  return {};
}

Batching::Batching(std::shared_ptr<Embedder> embedder)
    : embedder_(std::move(embedder)), dimensions_(embedder_->dimensions()) {}

Result<> Batching::take(Result<Vectors> answer, std::size_t texts, Vectors& all) {
  if (!answer) return fail(std::move(answer.error()));
  if (auto good = check_vectors(*answer, texts, dimensions_); !good)
    return within(fmt::format("embedder {}", name()), std::move(good.error()));
  dimensions_ = all.dimensions = answer->dimensions;
  all.values.insert(all.values.end(), answer->values.begin(), answer->values.end());
  all.usage.input_tokens += answer->usage.input_tokens;
  all.usage.estimated = all.usage.estimated || answer->usage.estimated;
  return {};
}

Task<Result<Vectors>> Batching::embed(std::vector<std::string> texts, CallContext& context) {
  return in_requests(std::move(texts), context, &Embedder::embed);
}

Task<Result<Vectors>> Batching::embed_queries(std::vector<std::string> texts, CallContext& context) {
  return in_requests(std::move(texts), context, &Embedder::embed_queries);
}

Task<Result<Vectors>> Batching::in_requests(std::vector<std::string> texts, CallContext& context,
                                            Request request) {
  for (std::size_t i = 0; i < texts.size(); ++i)
    if (blank(texts[i]))
      co_return fail(
          ErrorCode::invalid,
          fmt::format("embedder {}: text {} of {} is empty, and nothing has no vector; leave it out", name(),
                      i + 1, texts.size()));
  Vectors all;
  all.dimensions = dimensions_;
  if (dimensions_) all.values.reserve(texts.size() * dimensions_);
  std::size_t begin = 0;
  for (std::size_t end : batch_ends(tokens_of(texts, limits().call_tokens > 0), limits())) {
    auto first = texts.begin() + static_cast<std::ptrdiff_t>(begin);
    auto last = texts.begin() + static_cast<std::ptrdiff_t>(end);
    std::vector<std::string> part(std::make_move_iterator(first), std::make_move_iterator(last));
    const std::size_t count = part.size();
    Result<Vectors> answer = co_await ((*embedder_).*request)(std::move(part), context);
    if (auto taken = take(std::move(answer), count, all); !taken) {
      if (begin > 0) taken.error().message += fmt::format(" (after {} of {} texts)", begin, texts.size());
      co_return fail(std::move(taken.error()));
    }
    begin = end;
  }
  co_return all;
}

}  // namespace troupe::models
