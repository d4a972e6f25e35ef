// The tools that ask web services, through the real client against a real server that plays recordings.
#include "runtime/net/http_client.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/recorded_services.h"
#include "tests/fakes/run_loop.h"
#include "tests/tools/fake_context.h"
#include "tools/catalog.h"
#include "tools/toolbox.h"

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

constexpr const char* kAgent = "Troupe/test (tests@example.com)";

const fakes::RecordedServices& services(fakes::Travel travel = fakes::Travel::plain) {
  static const fakes::RecordedServices kPlain, kChunks(fakes::Travel::odd_chunks), kGzip(fakes::Travel::gzip),
      kSlow(fakes::Travel::slow);
  switch (travel) {
    case fakes::Travel::odd_chunks:
      return kChunks;
    case fakes::Travel::gzip:
      return kGzip;
    case fakes::Travel::slow:
      return kSlow;
    default:
      return kPlain;
  }
}

/// Tools on the real client, whose base_url is a peer.
struct Web {
  explicit Web(HttpPeer::Handler handler, fakes::PeerOptions options = {},
               std::vector<std::string> allow = {"127.0.0.1"})
      : peer(std::move(handler), options) {
    net::NetworkSettings network;
    network.allow_private = std::move(allow);
    network.ca_file = peer.ca_file();
    http = net::make_curl_client(fake.loop, network, net::Guarding::guarded);
  }
  explicit Web(fakes::Travel travel = fakes::Travel::plain, fakes::PeerOptions options = {})
      : Web([travel](const PeerRequest& request) { return services(travel).answer(request); }, options) {}

  ToolSettings settings(std::string type) const {
    ToolSettings result;
    result.name = result.type = std::move(type);
    result.base_url = peer.url("");
    result.api_key = fakes::RecordedServices::kTavilyKey;
    return result;
  }
  Tool& tool(const std::string& type) {
    if (!tools.contains(type)) use(settings(type));
    return *tools.at(type);
  }
  void use(const ToolSettings& with) {
    ToolServices given{fake.clock, *http, kAgent, Patience{3, Milliseconds(5), Milliseconds(50)}};
    tools[with.type] = std::move(*make_tool(with, given));
  }
  Result<ToolOutput> ask(const std::string& type, Json arguments) {
    return fakes::run(fake.loop, tool(type).call(ToolInput{std::move(arguments), ""}, fake.context));
  }
  std::string text(const std::string& type, Json arguments) {
    auto output = ask(type, std::move(arguments));
    return output ? output->text : "error: " + output.error().message;
  }
  std::string wiki(Json arguments) { return text("wikipedia", std::move(arguments)); }

  fakes::FakeContext fake;
  HttpPeer peer;
  std::unique_ptr<net::HttpClient> http;
  std::map<std::string, std::shared_ptr<Tool>> tools;
};

}  // namespace

TEST_CASE("wikipedia: a plain query gives the summary of the best page, with its source") {
  Web web;

  const auto output = web.ask("wikipedia", {{"query", "Python programming"}});

  REQUIRE_MESSAGE(output, (output ? std::string() : output.error().message));
  CHECK(output->text.starts_with(
      "Python (programming language) — https://en.wikipedia.org/wiki/Python_(programming_language)\n"
      "Python is a high-level, general-purpose programming language."));
  CHECK(output->text.contains("Sections: History; "));
  CHECK(output->text.contains("Other pages: History of Python; "));
  REQUIRE(output->sources.size() == 1);
  CHECK(output->sources[0].title == "Python (programming language)");
  const auto requests = web.peer.requests();
  REQUIRE(requests.size() == 2);
  CHECK(requests[0].path == "/w/api.php");
  CHECK(requests[0].param("list") == "search");
  CHECK(requests[1].param("prop") == "extracts|info|pageprops");
  CHECK(requests[1].param("redirects") == "1");
  CHECK(requests[1].header("user-agent") == kAgent);
}

TEST_CASE("wikipedia: search lists pages and says how to go on") {
  Web web;

  const auto output =
      web.ask("wikipedia", {{"query", "Python programming"}, {"operation", "search"}, {"max_results", 3}});

  REQUIRE(output);
  CHECK(output->text.contains("6045 pages match"));
  CHECK(output->text.contains("1. Python (programming language): Python is a high-level"));
  CHECK(output->text.contains("More with offset 3."));
  CHECK(output->sources.size() == 3);
  CHECK(
      web.wiki({{"query", "Python programming"}, {"operation", "search"}, {"max_results", 3}, {"offset", 3}})
          .contains("4. "));
}

TEST_CASE("wikipedia: sections, and what there is when the section is wrong") {
  Web web;
  CHECK(web.wiki({{"operation", "section"}, {"title", "Python (programming language)"}, {"query", "History"}})
            .contains("Guido van Rossum"));
  const std::string wrong =
      web.wiki({{"operation", "section"}, {"query", "Histori"}});  // of the page read last
  CHECK(wrong.contains("has no section `Histori`; did you mean `History`?"));
  CHECK(web.peer.counts().requests == 1);
}

TEST_CASE("wikipedia: a lookup goes on to the next place, and belongs to its agent") {
  Web web;
  web.wiki({{"operation", "summary"}, {"query", "Python (programming language)"}});

  const std::string first = web.wiki({{"operation", "lookup"}, {"query", "Guido"}});
  const std::string second = web.wiki({{"operation", "lookup"}, {"query", "guido"}});
  CHECK(first.contains("result 1 of "));
  CHECK(second.contains("result 2 of "));
  CHECK(first != second);
  CHECK(web.wiki({{"operation", "lookup"}, {"query", "zebra crossing"}})
            .contains("does not stand on the page"));
  std::string last;
  for (int i = 0; i < 200 && !last.contains("No more places"); ++i)
    last = web.wiki({{"operation", "lookup"}, {"query", "Guido"}});
  CHECK(last.contains("No more places"));
  CHECK(web.wiki({{"operation", "lookup"}, {"query", "Guido"}}).contains("result 1 of "));
  CHECK(web.peer.counts().requests == 1);

  web.fake.context.agent = "another";
  CHECK(web.wiki({{"operation", "lookup"}, {"query", "Guido"}}).contains("no page was read yet"));
  CHECK(web.wiki({{"operation", "lookup"}, {"query", "Celtuce"}, {"title", "Celtuce"}})
            .contains("result 1 of"));
}

TEST_CASE("wikipedia: redirects are followed and told") {
  Web web;
  const std::string text = web.wiki({{"operation", "summary"}, {"query", "Menlo Park, New Jersey"}});
  CHECK(text.contains("Edison, New Jersey — http"));
  CHECK(text.contains("(redirected from Menlo Park, New Jersey)"));
}

TEST_CASE("wikipedia: a missing page names similar ones") {
  Web web;
  CHECK(web.wiki({{"operation", "summary"}, {"query", "atrebates timeline"}})
            .contains("no page `Atrebates timeline`. Similar titles: Timeline of Roman history"));
  CHECK(web.wiki({{"operation", "summary"}, {"query", "Xyzzy nothing"}})
            .contains("Search for it with other words"));
}

TEST_CASE("wikipedia: a misspelling is searched as suggested, and told") {
  Web web;
  const std::string text = web.wiki({{"query", "hallelulejah"}});
  CHECK(text.contains("hallelu"));
  CHECK(web.wiki({{"query", "qmxjsudek"}}).contains("has nothing on `qmxjsudek`"));
}

TEST_CASE("wikipedia: a disambiguation page is a list of choices") {
  Web web;
  const std::string text = web.wiki({{"operation", "summary"}, {"query", "Dodge Ram (disambiguation)"}});
  CHECK(text.contains("has several meanings"));
  CHECK(text.contains("- Dodge Ramcharger"));
}

TEST_CASE(
    "wikipedia: every page and search of the recordings ends in a text or an error that says what to do") {
  Web web;
  int found = 0;
  const auto titles = services().wiki().titles();
  REQUIRE(titles.size() > 100);
  for (const std::string& title : titles) {
    CAPTURE(title);
    const auto output = web.ask("wikipedia", {{"operation", "summary"}, {"query", title}});
    if (output) ++found;
    CHECK((output ? output->text.size() : output.error().message.size()) > 20);
  }
  for (const std::string& words : services().wiki().searches()) {
    CAPTURE(words);
    const auto output = web.ask("wikipedia", {{"query", words}});
    if (!output) CHECK(output.error().message.contains("no page"));
  }
  CHECK(found == static_cast<int>(titles.size()));
}

TEST_CASE("wikipedia: bodies arrive over TLS, in odd chunks, gzipped and slowly") {
  for (fakes::Travel travel : {fakes::Travel::odd_chunks, fakes::Travel::gzip, fakes::Travel::slow}) {
    for (bool tls : {false, true}) {
      Web web(travel, {.tls = tls});
      CHECK(web.wiki({{"query", "Python programming"}}).contains("significant indentation"));
    }
  }
}

TEST_CASE("wikipedia: another language and another wiki") {
  Web web;
  ToolSettings settings = web.settings("wikipedia");
  settings.base_url = web.peer.url("/{language}/api.php");
  web.use(settings);
  web.wiki({{"query", "서울"}, {"language", "ko"}});
  REQUIRE_FALSE(web.peer.requests().empty());
  CHECK(web.peer.requests()[0].path == "/ko/api.php");
  CHECK(web.peer.requests()[0].param("srsearch") == "서울");
  CHECK(web.wiki({{"query", "x"}, {"language", "../../evil"}}).contains("no language code"));
}

TEST_CASE("wikipedia: a busy wiki is asked again, a broken one is told about") {
  int asked = 0;
  Web web([&](const PeerRequest& request) {
    ++asked;
    if (asked == 1) return PeerReply(429, "slow down").header("Retry-After", "0");
    if (asked == 2)
      return PeerReply::json(
                 R"({"error":{"code":"maxlag","info":"Waiting for a database server: 2 seconds lagged"}})")
          .header("Retry-After", "0");
    return services().answer(request);
  });
  CHECK(web.wiki({{"query", "Python programming"}}).contains("significant indentation"));

  const auto with = [&](PeerReply reply) {
    web.peer.answer([reply](const PeerRequest&) { return reply; });
    return web.wiki({{"query", "x"}});
  };
  CHECK(with(PeerReply(429, "no").header("Retry-After", "3600")).contains("HTTP 429"));
  CHECK(with(PeerReply(503, "<html><h1>Service Unavailable</h1></html>"))
            .contains(
                "the wiki answered HTTP 503: Service Unavailable. Try again later, or go on without it."));
  CHECK(with(PeerReply(403, "Please set a user-agent"))
            .contains("refuses our requests (HTTP 403): Please set a user-agent"));
  CHECK(with(PeerReply(404, "nope")).contains("no MediaWiki API at this address"));
  CHECK(with(PeerReply::html("<html>hello</html>")).contains("not JSON"));
  CHECK(with(PeerReply::json("[1,2")).contains("not JSON"));
  CHECK(with(PeerReply::json("{}")).contains("no search results"));
  CHECK(with(PeerReply::json(R"({"error":{"code":"badvalue","info":"Unrecognized value"}})"))
            .contains("refuses the request (badvalue): Unrecognized value"));
  CHECK(
      with(PeerReply::json(R"({"error":{"code":"maxlag","info":"lagged"}})")).contains("too busy (maxlag)"));
  CHECK(with(PeerReply::hang_up()).contains("could not be asked"));
  CHECK(with(PeerReply(200, std::string(6 << 20, 'x'))).contains("could not be asked"));
}

TEST_CASE("wikipedia: a silent wiki ends with the tool's time, and with a cancel") {
  Web web([](const PeerRequest&) { return PeerReply::silence(); });
  ToolTable table;
  web.tool("wikipedia");
  table.emplace("wikipedia", std::shared_ptr<Tool>(std::move(web.tools.at("wikipedia"))));
  const Toolbox box =
      std::move(*Toolbox::make(table, {"wikipedia"}, CallLimits{.tool_time = Milliseconds(50)}));

  const CallOutcome late =
      fakes::run(web.fake.loop, box.call("wikipedia", {{"query", "x"}}, web.fake.context));
  CHECK(late.code == ErrorCode::timeout);

  auto alarm = web.fake.loop.at(web.fake.clock.now() + Milliseconds(10),
                                [&] { web.fake.stop.request(StopReason::cancelled); });
  const Toolbox patient = std::move(*Toolbox::make(table, {"wikipedia"}));
  const CallOutcome stopped_one =
      fakes::run(web.fake.loop, patient.call("wikipedia", {{"query", "x"}}, web.fake.context));
  CHECK(stopped_one.code == ErrorCode::cancelled);
  CHECK(web.peer.wait_for_open(0));
}

TEST_CASE("tools reach no private address unless the operator allows it") {
  Web web([](const PeerRequest&) { return PeerReply::json("{}"); }, {}, {});
  CHECK(web.wiki({{"query", "x"}}).contains("could not be asked"));
  CHECK(web.text("tavily", {{"query", "x"}}).contains("could not be asked"));
  CHECK(web.peer.counts().requests == 0);
}

TEST_CASE("tavily: a search as recorded") {
  Web web;

  const auto output = web.ask("tavily", {{"query", "attention mechanisms"},
                                         {"max_results", 2},
                                         {"include_domains", {"arxiv.org"}},
                                         {"topic", "general"},
                                         {"time_range", "year"}});

  REQUIRE(output);
  CHECK(
      output->text.starts_with("1. [2601.03329] Attention mechanisms in neural "
                               "networks\nhttps://arxiv.org/abs/2601.03329\nby H Hays · 2026"));
  CHECK(output->text.contains("\n\n2. A General Survey on Attention Mechanisms"));
  REQUIRE(output->sources.size() == 2);
  CHECK(output->sources[1].url == "https://arxiv.org/abs/2203.14263");

  const auto request = web.peer.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.path == "/search");
  CHECK(request.header("authorization") == std::string("Bearer ") + fakes::RecordedServices::kTavilyKey);
  CHECK(Json::parse(request.body) ==
        Json::parse(
            R"({"query":"attention mechanisms","max_results":2,"search_depth":"basic","include_answer":false,
        "topic":"general","time_range":"year","include_domains":["arxiv.org"]})"));
}

TEST_CASE("tavily: every recorded search renders with its sources") {
  Web web(fakes::Travel::odd_chunks, {.tls = true});
  const auto queries = services().web_searches();
  REQUIRE(queries.size() >= 6);
  for (const std::string& query : queries) {
    CAPTURE(query);
    const auto output = web.ask("tavily", {{"query", query}});
    REQUIRE(output);
    CHECK(output->text.contains("1. "));
    CHECK_FALSE(output->sources.empty());
    for (const Source& source : output->sources) CHECK(source.url.starts_with("http"));
  }
  CHECK(web.text("tavily", {{"query", "something nobody recorded"}}).contains("Nothing was found"));
}

TEST_CASE("tavily: pages are read with extract") {
  Web web;
  const auto output =
      web.ask("tavily", {{"urls", {"https://arxiv.org/abs/2203.14263", "https://nowhere.example/"}}});
  REQUIRE(output);
  CHECK(output->text.starts_with("https://arxiv.org/abs/2203.14263\n"));
  CHECK(output->text.contains("https://nowhere.example/ could not be read: Failed to fetch url"));
  CHECK(output->sources.size() == 1);
  CHECK(web.text("tavily", {{"urls", {"https://nowhere.example/"}}})
            .contains("error: https://nowhere.example/ could not be read"));
  CHECK(web.text("tavily", {{"urls", {"file:///etc/passwd"}}}).contains("no web address"));
  CHECK(web.peer.requests().at(0).path == "/extract");
}

TEST_CASE("tavily: the operator's domains are bounds") {
  Web web;
  ToolSettings settings = web.settings("tavily");
  settings.include_domains = {"arxiv.org", "bbc.co.uk"};
  settings.exclude_domains = {"spam.example"};
  settings.search_depth = "advanced";
  settings.include_answer = true;
  web.use(settings);

  web.ask("tavily", {{"query", "a"}});
  web.ask("tavily", {{"query", "a"},
                     {"include_domains", {"www.bbc.co.uk", "evil.example"}},
                     {"exclude_domains", {"x.example"}}});
  const auto requests = web.peer.requests();
  const Json first = Json::parse(requests.at(0).body), second = Json::parse(requests.at(1).body);
  CHECK(first.at("include_domains") == Json{"arxiv.org", "bbc.co.uk"});
  CHECK(first.at("search_depth") == "advanced");
  CHECK(first.at("include_answer") == true);
  CHECK(second.at("include_domains") == Json::array({"www.bbc.co.uk"}));
  CHECK(second.at("exclude_domains") == Json{"spam.example", "x.example"});
  CHECK(web.text("tavily", {{"query", "a"}, {"include_domains", {"evil.example"}}})
            .contains("searches only arxiv.org, bbc.co.uk"));
}

TEST_CASE("tavily: each refusal says what it means, and never shows the key") {
  Web web;
  ToolSettings settings = web.settings("tavily");
  settings.api_key = "tvly-canary-secret";
  web.use(settings);
  CHECK(web.text("tavily", {{"query", "x"}}).contains("refuses the API key"));

  for (const auto& [status, expected] :
       std::initializer_list<std::pair<int, const char*>>{{400, "does not accept these arguments"},
                                                          {401, "refuses the API key"},
                                                          {403, "does not allow this"},
                                                          {422, "does not accept"},
                                                          {429, "fewer requests"},
                                                          {432, "plan's usage limit"},
                                                          {433, "pay-as-you-go limit"},
                                                          {500, "HTTP 500"},
                                                          {502, "HTTP 502"}}) {
    CAPTURE(status);
    const int code = status;
    web.peer.answer([code](const PeerRequest&) {
      return PeerReply::json(R"({"detail":{"error":"bad key tvly-canary-secret was used"}})", code);
    });
    const auto answer = web.ask("tavily", {{"query", "x"}});
    REQUIRE_FALSE(answer);
    CHECK(answer.error().message.contains(expected));
    CHECK(answer.error().status == status);
    CHECK_FALSE(answer.error().message.contains("canary"));
  }
  web.peer.answer(
      [](const PeerRequest&) { return PeerReply::json(R"({"detail":[{"msg":"query too long"}]})", 422); });
  CHECK(web.text("tavily", {{"query", "x"}}).contains("query too long"));
  web.peer.answer([](const PeerRequest&) { return PeerReply::redirect("http://evil.example/"); });
  CHECK(web.text("tavily", {{"query", "x"}}).contains("HTTP 302"));  // the key follows no redirect
}

TEST_CASE("settings that cannot work are refused when the tool is made") {
  Web web;
  const ToolServices given{web.fake.clock, *web.http};
  const auto refusal = [&](ToolSettings settings) {
    auto made = make_tool(settings, given);
    return made ? std::string("made") : made.error().message;
  };
  ToolSettings tavily = web.settings("tavily"), wiki = web.settings("wikipedia");
  CHECK(refusal(tavily) == "made");
  tavily.api_key = "";
  CHECK(refusal(tavily).contains("api_key is missing"));
  tavily.api_key = "a\r\nX: y";
  CHECK(refusal(tavily).contains("blanks"));
  CHECK_FALSE(refusal(tavily).contains("X: y"));
  tavily = web.settings("tavily");
  tavily.search_depth = "deep";
  CHECK(refusal(tavily).contains("search_depth"));
  tavily = web.settings("tavily");
  tavily.max_results = 21;
  CHECK(refusal(tavily).contains("max_results"));
  wiki.language = "en/../x";
  CHECK(refusal(wiki).contains("language"));
  wiki = web.settings("wikipedia");
  wiki.base_url = "ftp://x";
  CHECK(refusal(wiki).contains("http"));
  // With `/search` behind it the path would be the host.
  for (const char* url : {"http://", "https:///", "http://:80"}) {
    wiki.base_url = tavily.base_url = url;
    CHECK(refusal(wiki).contains("has no host"));
    tavily.max_results = 5;
    CHECK(refusal(tavily).contains("has no host"));
  }
}
