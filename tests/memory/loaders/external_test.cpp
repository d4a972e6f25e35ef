#include "memory/knowledge/loaders/external.h"

#include "memory/knowledge/store/layout.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::memory;
using namespace troupe::memory::loaders;

TEST_CASE("what a loader reads is said in words: endings, content types, first bytes") {
  const auto formats = read_formats("  .VTT .srt text/vtt magic:0:574542565454  magic:4:00ff ");
  REQUIRE(formats);
  CHECK(formats->endings == std::vector<std::string>{"vtt", "srt"});
  CHECK(formats->read_path("/films/Talk.VTT"));
  CHECK(formats->read_path("https://example.org/a.srt?lang=en"));
  CHECK_FALSE(formats->read_path("/films/vtt.txt"));
  CHECK(formats->read_type("Text/VTT; charset=utf-8"));
  CHECK_FALSE(formats->read_type(""));
  CHECK(formats->read_bytes("WEBVTT\n\n"));
  CHECK(formats->read_bytes(std::string("abcd\0\xff", 6)));
  CHECK_FALSE(formats->read_bytes("WEBVT"));
  CHECK_FALSE(formats->read_bytes(""));
  REQUIRE(read_formats(""));
  CHECK_FALSE(read_formats("")->read_path("a"));
}

TEST_CASE("a word that is no format is an error that says which and what to write") {
  for (const char* word : {"vtt", ".", ".tar.gz", "/vtt", "text/", "magic:", "magic:0",
                           "magic:0:", "magic:x:00", "magic:0:0", "magic:0:zz", "magic:-1:00",
                           "magic:4096:0000", ".a\tb", "magic:99999999999999999999999:00", ".\xC3\xA4"}) {
    CAPTURE(word);
    const auto formats = read_formats(std::string(".ok ") + word);
    REQUIRE_FALSE(formats);
    CHECK(formats.error().message.contains("write an ending as `.vtt`"));
  }
  CHECK_FALSE(read_formats("." + std::string(kFormatWordBytes, 'a')));
  std::string many;
  for (std::size_t i = 0; i <= kFormatWords; ++i) many += ".a ";
  CHECK_FALSE(read_formats(many));
}

TEST_CASE("parts become a document with the places where they begin") {
  const auto document =
      read_external(R"({"title": " A\ttalk ", "metadata": {"cues": 2, "live": true, "who": "Ada"},
    "remarks": ["The end is missing."],
    "parts": [{"text": "before"}, {"heading": "Part one", "level": 2, "page": 3, "text": "one\ntwo"},
              {"record": true, "text": "a row"}, {"record": true, "text": "another"}]})",
                    "subtitles");
  REQUIRE(document);
  CHECK(document->format == "subtitles");
  CHECK(document->title == "A talk");
  CHECK(document->text == "before\none\ntwo\na row\nanother\n");
  REQUIRE(document->headings.size() == 1);
  CHECK(document->headings[0].begin == 7);
  CHECK(document->headings[0].level == 2);
  CHECK(document->headings[0].text == "Part one");
  REQUIRE(document->pages.size() == 1);
  CHECK(document->pages[0].number == 3);
  CHECK(document->records == std::vector<std::size_t>{15, 21});
  CHECK(document->metadata == Json({{"cues", 2}, {"live", true}, {"who", "Ada"}}));
  CHECK(document->remarks == std::vector<std::string>{"The end is missing."});
  CHECK(document_from(to_json(*document)));  // what the store takes
}

TEST_CASE("a plain text is enough") {
  const auto document = read_external(R"({"text": "all of it"})", "x");
  REQUIRE(document);
  CHECK(document->text == "all of it\n");
  CHECK(document->headings.empty());
  REQUIRE(read_external(R"({"parts": []})", "x"));
  CHECK(read_external(R"({"parts": []})", "x")->text.empty());
}

TEST_CASE("what is no document is an error in words") {
  for (const char* answer : {"", "nonsense", "[]", "null", "{}", R"({"text": 5})", R"({"parts": {}})",
                             R"({"text": "a", "text": "b"})", "{\"text\": \"\xff\xfe\"}"}) {
    CAPTURE(answer);
    const auto document = read_external(answer, "x");
    REQUIRE_FALSE(document);
    CHECK(document.error().code == ErrorCode::invalid);
    CHECK(document.error().message.contains("its loader answered"));
  }
}

TEST_CASE("wrong types, absurd numbers and control characters are left out or bounded, and told") {
  const auto document =
      read_external(R"({"title": {}, "metadata": {"a": [1], "b": {"c": 1}, "d": null, "e": 1},
    "remarks": [1, "said"], "text": "x\u0000y\u001b[31mz\r\n",
    "parts": [5, {"heading": 7, "text": "t"}, {"heading": "h", "level": -40, "text": "u"},
              {"heading": "i", "level": 99999999999, "page": -5, "text": "v"},
              {"page": 1.5, "record": "yes", "text": ["w"]}]})",
                    "x");
  REQUIRE(document);
  CHECK(document->title.empty());
  CHECK(document->metadata == Json({{"e", 1}}));
  CHECK(document->text == "xy[31mz\nt\nu\nv\n");
  REQUIRE(document->headings.size() == 2);
  CHECK(document->headings[0].level == 1);
  CHECK(document->headings[1].level == 6);
  REQUIRE(document->pages.size() == 1);
  CHECK(document->pages[0].number == 0);
  CHECK(document->records.empty());
  CHECK(document->remarks.size() > 4);
  CHECK(document_from(to_json(*document)));
}

TEST_CASE("a flood ends where a document does") {
  Json parts = Json::array();
  for (int i = 0; i < 500; ++i) parts.push_back({{"text", std::string(1'000, 'a')}, {"record", true}});
  LoadLimits limits;
  limits.text_bytes = 10'000;
  limits.metadata_entries = 3;
  Json metadata = Json::object();
  for (int i = 0; i < 50; ++i) metadata["k" + std::to_string(i)] = std::string(10'000, 'm');
  const auto document = read_external(dump(Json{{"parts", parts}, {"metadata", metadata}}), "x", limits);
  REQUIRE(document);
  CHECK(document->text.size() <= 10'000);
  CHECK(document->metadata.size() == 3);
  CHECK(document->metadata["k0"].get<std::string>().size() <= limits.metadata_bytes);
  CHECK(document->remarks.back().contains("cut off"));
  CHECK(document_from(to_json(*document)));
}
