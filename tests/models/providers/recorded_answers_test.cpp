#include "tests/fakes/doc_page.h"
#include "tests/models/dialects.h"
#include "tests/models/recordings.h"

#include <algorithm>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::models;
using namespace troupe::models::testing;

namespace {

struct Read {
  Result<ModelReply> reply = ModelReply{};
  std::string text;
  std::string reasoning;
  bool has_usage = false;
};

/// Reads a body in pieces that end at `cuts`.
template <class Cuts>
Read read(const Dialect& dialect, std::string_view body, const Cuts& cuts) {
  const auto reader = dialect.reader(limits::kModelReplyBytes);
  std::vector<ReplyDelta> deltas;
  Result<> fed;
  std::size_t at = 0;
  for (std::size_t cut : cuts) {
    if (fed && cut > at) fed = reader->feed(body.substr(at, cut - at), deltas);
    at = std::max(at, cut);
  }
  if (fed) fed = reader->feed(body.substr(at), deltas);
  Read out;
  out.reply = fed ? reader->finish(deltas) : fail(fed.error());
  out.has_usage = reader->has_usage();
  for (const ReplyDelta& delta : deltas)
    (delta.kind == ReplyDelta::Kind::text ? out.text : out.reasoning) += delta.text;
  return out;
}

void check_recording(const Dialect& dialect, const Recording& recording,
                     const std::vector<std::size_t>& cuts) {
  CAPTURE(recording.id);
  const Read got = read(dialect, recording.body, cuts);
  if (const Json* error = find(recording.expected, "error")) {
    REQUIRE_FALSE(got.reply.has_value());
    CHECK(got.reply.error().code == ErrorCode::model);
    CHECK(got.reply.error().message.find(error->get<std::string>().substr(0, 40)) != std::string::npos);
    return;
  }
  if (find(recording.expected, "cut")) {
    REQUIRE_FALSE(got.reply.has_value());
    CHECK(got.reply.error().code == ErrorCode::network);
    return;
  }
  REQUIRE_MESSAGE(got.reply.has_value(), got.reply.error().message);
  check_reply(recording, *got.reply);
  CHECK(got.text == got.reply->text);
  CHECK(got.reasoning.ends_with(got.reply->reasoning));  // a first message may have been void
  CHECK(got.has_usage == (find(recording.expected, "usage") != nullptr));
}

std::vector<std::size_t> every(std::size_t piece, std::size_t size) {
  std::vector<std::size_t> cuts;
  for (std::size_t at = piece; at < size; at += piece) cuts.push_back(at);
  return cuts;
}

constexpr std::size_t kShort = 2000;

// How much of a provider the recordings show.
std::string table() {
  std::string out =
      "| provider | answers | streams | with calls | with reasoning | with counted tokens | with cached "
      "tokens | "
      "errors | refusals |\n|---|---|---|---|---|---|---|---|---|\n";
  for (const Dialect& dialect : dialects()) {
    int answers = 0, streams = 0, calls = 0, reasoning = 0, counted = 0, cached = 0, errors = 0, refusals = 0;
    for (const Recording& recording : recordings(dialect.fixture)) {
      if (recording.status != 200) {
        ++refusals;
        continue;
      }
      const Json& expected = recording.expected;
      const Json* usage = find(expected, "usage");
      ++answers;
      streams += recording.form != "json";
      errors += find(expected, "text") == nullptr || find(expected, "error") != nullptr;
      calls += find(expected, "tool_calls") && !expected["tool_calls"].empty();
      reasoning += !string_or(expected, "reasoning").empty();
      counted += usage != nullptr;
      cached += usage && (*usage)["cached_tokens"].get<std::int64_t>() > 0;
    }
    out += fmt::format("| `{}` | {} | {} | {} | {} | {} | {} | {} | {} |\n", dialect.provider, answers,
                       streams, calls, reasoning, counted, cached, errors, refusals);
  }
  return out;
}

}  // namespace

TEST_CASE("every recorded answer of every provider decodes to its text, calls, usage and finish") {
  for (const Dialect& dialect : dialects()) {
    CAPTURE(dialect.provider);
    int read = 0;
    for (const Recording& recording : recordings(dialect.fixture)) {
      if (recording.status != 200) continue;
      check_recording(dialect, recording, {});
      ++read;
    }
    CHECK(read >= (dialect.provider == "huggingface" ? 9 : 15));
  }
}

// Pieces of one byte have a cut at every place; where several events come in one piece, the shorter
// recordings show it.
TEST_CASE("every recorded answer of every provider decodes the same in pieces of any size") {
  for (const Dialect& dialect : dialects()) {
    if (dialect.provider == "openai") continue;  // openai_reply_test
    for (const Recording& recording : recordings(dialect.fixture)) {
      if (recording.status != 200) continue;
      check_recording(dialect, recording, every(1, recording.body.size()));
      if (recording.body.size() > kShort) continue;
      for (std::size_t piece : {2, 3, 7, 64, 1000})
        check_recording(dialect, recording, every(piece, recording.body.size()));
    }
  }
}

// Pieces of one byte, above, have all cuts at once; the shortest stream shows each alone.
TEST_CASE("a stream of any provider that is cut in two at any byte decodes the same") {
  for (const Dialect& dialect : dialects()) {
    CAPTURE(dialect.provider);
    const Recording* shortest = nullptr;
    for (const Recording& recording : recordings(dialect.fixture)) {
      const bool stream = recording.form != "json" && recording.status == 200;
      if (stream && find(recording.expected, "text") &&
          (!shortest || recording.body.size() < shortest->body.size()))
        shortest = &recording;
    }
    REQUIRE(shortest);
    const std::string& body = shortest->body;
    for (std::size_t cut = 1; cut < std::min<std::size_t>(body.size(), 600); ++cut)
      check_recording(dialect, *shortest, {cut});
  }
}

TEST_CASE("a reply without end is refused at the limit, whoever writes it") {
  for (const Dialect& dialect : dialects()) {
    CAPTURE(dialect.provider);
    const auto reader = dialect.reader(8'192);
    std::vector<ReplyDelta> deltas;
    Result<> fed = reader->feed(dialect.opening, deltas);
    const std::string piece = dialect.text(std::string(1024, 'a'));
    int pieces = 0;
    for (; fed && pieces < 20; ++pieces) fed = reader->feed(piece, deltas);
    REQUIRE_FALSE(fed.has_value());
    CHECK(fed.error().code == ErrorCode::protocol);
    CHECK(pieces == 9);
  }
}

TEST_CASE("docs/providers.md states what was recorded as it is") {
  const fakes::DocSection section("providers.md", "recorded answers: written by test_models",
                                  "end of recorded answers");
  CHECK_MESSAGE(section.put(table()), section.advice());
}
