#include "memory/knowledge/ingest/reader_frames.h"

#include "memory/knowledge/ingest/outages.h"
#include "memory/knowledge/store/layout.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;

namespace {

std::string frame(const std::string& head, const std::string& rest) {
  std::string length(4, '\0');
  for (std::size_t i = 0; i < 4; ++i) length[i] = static_cast<char>(head.size() >> (8 * i) & 0xFF);
  return length + head + rest;
}

ErrorCode refusal(const std::string& bytes) {
  const auto answer = read_answer(bytes);
  REQUIRE_FALSE(answer.has_value());
  return answer.error().code;
}

}  // namespace

TEST_CASE("a request comes back as it was written, with bytes that are no text") {
  const std::string bytes("\x00\xff{\"", 4);
  const std::string written =
      write_request({.source = "/a \"b\".html", .content_type = "text/html", .bytes = bytes});
  const auto read = read_request(written);
  REQUIRE(read.has_value());
  CHECK(read->source == "/a \"b\".html");
  CHECK(read->content_type == "text/html");
  CHECK_FALSE(read->pdf_text);
  CHECK(read->bytes == bytes);
  const std::string pdf = write_request({.source = "x", .pdf_text = true, .bytes = ""});
  CHECK(read_request(pdf)->pdf_text);
}

TEST_CASE("an answer holds all of a document, or the error") {
  Document document{.format = "pdf", .title = "T", .text = "한글\nmore\n"};
  document.pages = {{0, 1}, {7, 2}};
  document.headings = {{7, 2, "more"}};
  document.records = {0, 7};
  document.metadata = {{"author", "K"}};
  document.remarks = {"A remark."};
  const auto read = read_answer(write_answer(document));
  REQUIRE(read.has_value());
  CHECK(to_json(*read) == to_json(document));
  CHECK(read_answer(write_answer(Document{.format = "text"}))->text.empty());

  const auto error = read_answer(write_answer(fail(ErrorCode::too_large, "so large")));
  REQUIRE_FALSE(error.has_value());
  CHECK(error.error().code == ErrorCode::too_large);
  CHECK(error.error().message == "so large");
}

TEST_CASE("nothing that a broken reader answers is believed") {
  CHECK(refusal("") == ErrorCode::protocol);
  CHECK(refusal("abc") == ErrorCode::protocol);
  CHECK(refusal(std::string("\xff\xff\xff\xff{}", 6)) == ErrorCode::protocol);
  CHECK(refusal(frame("{", "")) == ErrorCode::protocol);
  CHECK(refusal(frame("[]", "text")) == ErrorCode::protocol);
  CHECK(refusal(frame(std::string(100'000, '['), "")) == ErrorCode::protocol);
  CHECK(refusal(frame("{}", "\xff")) == ErrorCode::protocol);
  CHECK(refusal(frame(R"({"pages":[[9,1]]})", "short")) == ErrorCode::protocol);
  CHECK(refusal(frame(R"({"headings":[[3,1,"x"],[1,1,"y"]]})", "a text")) == ErrorCode::protocol);
  // Not every kind of error is a reader's to claim.
  CHECK(refusal(frame(R"({"error":{"code":"cancelled","message":"m"}})", "")) == ErrorCode::internal);
  CHECK(refusal(frame(R"({"error":7})", "")) == ErrorCode::internal);
}

TEST_CASE("an embedder that is down is told from documents that it refuses") {
  const Error down{.code = ErrorCode::network}, key{.code = ErrorCode::model, .status = 401},
      refused{.code = ErrorCode::model, .status = 400};
  Outages outages;
  CHECK_FALSE(outages.embedding_failed(down));
  CHECK_FALSE(outages.embedding_failed(key));
  CHECK(outages.embedding_failed(down));
  outages.embedded();
  CHECK_FALSE(outages.embedding_failed(down));
  outages.embedded();
  for (int i = 0; i < 24; ++i) CHECK_FALSE(outages.embedding_failed(refused));
  CHECK(outages.embedding_failed(refused));
}

TEST_CASE("a reader that cannot be started is told from documents that cannot be read") {
  const Error broken{.code = ErrorCode::invalid}, absent{.code = ErrorCode::unavailable},
      down{.code = ErrorCode::unavailable, .retryable = true};
  Outages outages;
  for (int i = 0; i < 100; ++i) CHECK_FALSE(outages.reading_failed(i % 2 ? broken : absent));
  CHECK_FALSE(outages.reading_failed(down));
  CHECK_FALSE(outages.reading_failed(down));
  CHECK(outages.reading_failed(down));
}
