#include "tools/mcp/bounds.h"
#include "tools/mcp/transport/http_answer.h"
#include "tools/mcp/transport/line_splitter.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools::mcp;

namespace {

std::vector<std::string> split(std::string_view bytes, std::size_t piece, std::size_t bytes_max = 100) {
  LineSplitter splitter(bytes_max);
  std::vector<LineSplitter::Line> lines;
  for (std::size_t at = 0; at < bytes.size(); at += piece) splitter.feed(bytes.substr(at, piece), lines);
  std::vector<std::string> texts;
  for (const auto& line : lines) texts.push_back(line.text + (line.cut ? "…" : ""));
  return texts;
}

net::HttpHead head(int status, std::string type, net::Headers more = {}) {
  net::HttpHead head{.status = status, .headers = {{"content-type", std::move(type)}}};
  head.headers.insert(head.headers.end(), more.begin(), more.end());
  return head;
}

}  // namespace

TEST_CASE("lines are the same whatever the pieces they come in") {
  for (std::size_t piece : {1u, 2u, 3u, 100u}) {
    CHECK(split("a\nbc\r\n\n\r\nd\n", piece) == std::vector<std::string>{"a", "bc", "d"});
    CHECK(split("12345\n123456\n1234567\nx\n", piece, 5) ==
          std::vector<std::string>{"12345", "12345…", "12345…", "x"});
    CHECK(split("12345\r\nx\n", piece, 5) == std::vector<std::string>{"12345", "x"});
    CHECK(split("no end", piece).empty());
  }
}

TEST_CASE("a line that does not end is noticed before it does, and takes no more memory") {
  LineSplitter splitter(10);
  std::vector<LineSplitter::Line> lines;
  splitter.feed("12345678901", lines);
  CHECK(!splitter.overflows());  // the last may be a CR
  splitter.feed("23", lines);
  CHECK(splitter.overflows());
  splitter.feed("\n", lines);
  CHECK(!splitter.overflows());
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].text.size() == 10);
}

TEST_CASE("an HTTP answer is a message, a stream of them, nothing, or a refusal") {
  HttpAnswer message;
  message.head(head(200, "application/json; charset=utf-8", {{"mcp-session-id", "abc"}}));
  CHECK(message.data("{\"a\""));
  CHECK(message.data(":1}"));
  CHECK(message.take().empty());
  message.finish();
  CHECK(message.take() == std::vector<std::string>{"{\"a\":1}"});
  CHECK(message.session() == "abc");

  HttpAnswer stream;
  stream.head(head(200, "text/event-stream", {{"mcp-session-id", "a b"}}));
  CHECK(stream.data("id: 1\nretry: 7\ndata:\n\nevent: message\ndata: one\n\ndata: tw"));
  CHECK(stream.take() == std::vector<std::string>{"one"});
  CHECK(stream.data("o"));
  stream.finish();
  CHECK(stream.take() == std::vector<std::string>{"two"});
  CHECK(stream.last_event_id() == "1");
  CHECK(stream.retry() == Milliseconds(7));
  CHECK(stream.session().empty());  // it could not be sent back

  HttpAnswer accepted;
  accepted.head(head(202, ""));
  CHECK(accepted.data("thanks"));
  accepted.finish();
  CHECK(accepted.kind() == HttpAnswer::Kind::accepted);
  CHECK(accepted.take().empty());

  HttpAnswer refused;
  refused.head(head(400, "text/plain"));
  CHECK(refused.data("why"));
  refused.finish();
  CHECK(refused.kind() == HttpAnswer::Kind::refused);
  CHECK(refused.body() == "why");
  CHECK(refused.take().empty());
}

TEST_CASE("answers that are too large are not read to their end") {
  const std::string much(bounds::kMessageBytes / 2 + 1, 'x');
  HttpAnswer message;
  message.head(head(200, "application/json"));
  CHECK(message.data(much));
  CHECK(!message.data(much));
  CHECK(!message.problem().empty());

  HttpAnswer stream;
  stream.head(head(200, "text/event-stream"));
  CHECK(stream.data("data: " + much));
  CHECK(!stream.data(much));
  CHECK(!stream.problem().empty());

  HttpAnswer refused;
  refused.head(head(500, "text/plain"));
  CHECK(refused.data(much));
  CHECK(refused.body().size() < 20'000);
}
