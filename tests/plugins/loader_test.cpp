#include "memory/knowledge/loaders/external.h"
#include "plugins/plugin_loader.h"
#include "plugins/services.h"
#include "plugins/verdict.h"
#include "tests/plugins/adopted.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::plugins;

namespace {

/// A plugin's loaders.
class Readers : public Adopted {
 public:
  explicit Readers(const std::string& library, std::string isolation = "process")
      : Adopted(library, std::move(isolation)), loaders(make_plugin_loaders(loop, table)) {}

  memory::ExternalLoader& loader(const std::string& name) {
    for (const auto& one : loaders)
      if (one->name() == name) return *one;
    throw std::runtime_error("no loader " + name);
  }
  Result<memory::Document> read(const std::string& name, std::string bytes, Milliseconds time = 20s,
                                std::string source = "/films/a.odd") {
    Stop stop;
    CallContext context{loop, stop, Deadline(), told, Principal{}, "", "", "", 0};
    auto answer = fakes::run(
        loop, loader(name).load({.bytes = std::move(bytes), .source = std::move(source)}, time, context));
    if (!answer) return fail(std::move(answer.error()));
    return memory::loaders::read_external(*answer, loader(name).format());
  }

  std::vector<std::shared_ptr<memory::ExternalLoader>> loaders;
};

}  // namespace

TEST_CASE("a loader of a plugin says what it reads, and makes a document of a file's bytes") {
  for (const char* isolation : {"process", "none"}) {
    CAPTURE(isolation);
    Readers readers(TROUPE_JUDGING_PLUGIN, isolation);
    CHECK(readers.loader("p/odd").formats().read_path("x.odd"));
    CHECK(readers.loader("p/odd").formats().read_bytes("ODD\n"));
    CHECK(readers.loader("p/odd").version() == "judging 1.0 1");
    auto document = readers.read("p/odd", "one\n\"two\"\ttabbed");
    REQUIRE(document);
    CHECK(document->format == "odd");
    CHECK(document->title == "Odd: a.odd");
    CHECK(document->text == "one\n\"two\"\ttabbed\nthe end\n");
    CHECK(document->headings.at(0).text == "Top");
    CHECK(document->pages.at(0).number == 4);
    CHECK(document->records.size() == 1);
    CHECK(document->metadata["bytes"] == 16);
    CHECK(document->metadata["kind"] == "odd \"one\"");
    CHECK(document->remarks == std::vector<std::string>{"It was odd."});
  }
}

TEST_CASE("a loader that crashes, hangs, fails or raves costs one document, and the next is read") {
  Readers readers(TROUPE_JUDGING_PLUGIN);
  CHECK(readers.read("p/odd", "crash").error().message == "plugin p was ended by SIGSEGV");
  CHECK(readers.read("p/odd", "hang", 200ms).error().code == ErrorCode::timeout);
  CHECK(readers.read("p/odd", "fail").error().message == "plugin p: it has no lines");
  CHECK(readers.read("p/rave", "x").error().message.contains("no JSON"));
  auto lies = readers.read("p/lie", "x");
  REQUIRE(lies);
  CHECK(lies->text == "x\n");
  CHECK(lies->remarks.size() > 1);
  // Bytes that are no text make an answer that is none.
  CHECK_FALSE(readers.read("p/odd", "\xff\xfe"));
  CHECK(readers.read("p/odd", std::string(kPluginFileBytes + 1, 'x')).error().code == ErrorCode::too_large);
  CHECK(readers.read("p/odd", "fine"));
}

TEST_CASE("as many documents are read at once as there are workers, and time begins with the turn") {
  Readers readers(TROUPE_JUDGING_PLUGIN);
  Stop stop;
  CallContext context{readers.loop, stop, Deadline(), readers.told, Principal{}, "", "", "", 0};
  int failed = 0, done = 0;
  const auto all = [&]() -> Task<int> {
    Nursery nursery(readers.loop);
    for (int i = 0; i < 6; ++i)
      nursery.spawn("a document", [&, i]() -> Task<> {
        auto answer = co_await readers.loader("p/odd").load(
            {.bytes = i < 4 ? "hang" : "fine", .source = "/x.odd"}, i < 4 ? 300ms : 20s, context);
        ++(answer ? done : failed);
      });
    co_await nursery.join();
    co_return 0;
  };
  fakes::run(readers.loop, all());
  CHECK(failed == 4);
  CHECK(done == 2);
}

TEST_CASE("the example reads subtitles: a heading for each minute, tags taken out") {
  Readers readers(TROUPE_SUBTITLES_PLUGIN);
  CHECK(readers.loader("p/subtitles").formats().read_type("text/vtt"));
  auto document =
      readers.read("p/subtitles",
                   "WEBVTT\n\n1\n00:01.000 --> 00:04.000 align:start\n<i>Never</i> drink\nthat\n\n"
                   "NOTE a remark\n\n00:59.500 --> 01:02.000\nIt will kill you.\r\n\n"
                   "01:02:03.000 --> 01:02:04.000\n\xC3\x89nd");
  REQUIRE_MESSAGE(document, (document ? "" : document.error().message));
  CHECK(document->text == "Never drink\nthat\nIt will kill you.\n\xC3\x89nd\n");
  REQUIRE(document->headings.size() == 2);
  CHECK(document->headings[0].text == "0:00");
  CHECK(document->headings[1].text == "1:02");
  CHECK(document->metadata["cues"] == 3);
  CHECK(readers.read("p/subtitles", "no subtitles").error().message.contains("no line with a time"));
  CHECK_FALSE(readers.read("p/subtitles", ""));
}

TEST_CASE("the example guardrail tells numbers with a good checksum from others") {
  Staged staged({.name = "bank", .path = TROUPE_BANK_DETAILS_PLUGIN});
  REQUIRE_FALSE(staged.why_not);
  const auto judged = [&](const std::string& text, Json settings = Json::object()) {
    const Json input = {{"side", "input"}, {"text", text}, {"settings", std::move(settings)}};
    auto verdict = read_verdict(staged.text("bank_details", dump(input)));
    REQUIRE(verdict);
    return *verdict;
  };
  const std::string kPassed = R"({"pass":true,"reason":""})";
  for (const char* good :
       {"", "Hello", "order 4111 1111 1111 1112", "DE89 3704 0044 0532 0130 02", "1234567890123",
        "Call +49 30 901820 or 2026-11-29 12:00", "DE", "ISBN 978-3-16-148410-1"}) {
    CAPTURE(good);
    CHECK(judged(good) == kPassed);
  }
  for (const char* bad :
       {"my card is 4111 1111 1111 1111, valid until 12/29", "5555-5555-5555-4444 2029", "378282246310005"}) {
    CAPTURE(bad);
    CHECK(judged(bad).contains("payment card"));
    CHECK(judged(bad, {{"allow", "card"}}) == kPassed);
  }
  for (const char* bad : {"IBAN DE89 3704 0044 0532 0130 00 PLEASE", "GB82WEST12345698765432",
                          "NO93 8601 1117 947", "to FR14 2004 1010 0505 0001 3M02 606."}) {
    CAPTURE(bad);
    CHECK(judged(bad).contains("bank account"));
    CHECK(judged(bad, {{"allow", "iban"}}) == kPassed);
  }
}

TEST_CASE("a verdict is read strictly") {
  CHECK(*read_verdict(R"( {"pass": false, "reason": "no", "more": 1} )") ==
        R"({"pass":false,"reason":"no"})");
  CHECK(*read_verdict(R"({"pass": true})") == R"({"pass":true,"reason":""})");
  CHECK(read_verdict(R"({"pass": false, "reason": ")" + std::string(5'000, 'r') + "\"}")->size() <
        kVerdictReasonBytes + 100);
  for (const char* wrong :
       {"", "true", "[]", "{}", R"({"pass": 1})", R"({"pass": "yes"})", R"({"pass": null})",
        R"({"pass": true, "pass": true})", R"({"pass": true, "reason": 5})", R"({"pass": true)",
        R"(```{"pass": true}```)", R"({"Pass": true})"}) {
    CAPTURE(wrong);
    auto verdict = read_verdict(wrong);
    REQUIRE_FALSE(verdict);
    CHECK(verdict.error().code == ErrorCode::protocol);
  }
}
