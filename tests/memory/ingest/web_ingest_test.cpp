#include "memory/knowledge/ingest/web_page.h"
#include "tests/fakes/http_peer.h"
#include "tests/memory/ingest/ingest_bench.h"

#include <csignal>

using namespace troupe;
using namespace troupe::memory;
using fakes::PeerReply;
using fakes::PeerRequest;
using troupe::memory::testing::IngestBench;

namespace {

/// A bench whose one source is a page of a server on this machine.
struct WebBench : IngestBench {
  explicit WebBench(fakes::HttpPeer::Handler handler, std::string path = "/page")
      : peer(std::move(handler)), url(peer.url(path)) {
    std::signal(SIGPIPE, SIG_IGN);
    client = net::make_curl_client(loop, {.allow_private = {"127.0.0.1"}}, net::Guarding::guarded);
    http = client.get();
    sources = {url};
  }

  fakes::HttpPeer peer;
  std::string url;
  std::unique_ptr<net::HttpClient> client;
};

PeerReply page(const std::string& text) {
  return PeerReply::html("<h1>Title</h1><p>" + text + "</p>").header("ETag", "\"" + text + "\"");
}

}  // namespace

TEST_CASE("a page is taken in by its content type, and asked for again only by its ETag") {
  WebBench bench([](const PeerRequest& request) {
    if (request.header("if-none-match") == "\"one\"") return PeerReply(304).header("ETag", "\"one\"");
    return page("one");
  });
  CHECK(bench.done().added == 1);
  CHECK(bench.text(bench.url).contains("one"));
  CHECK(bench.documents().at(0).format == "html");
  CHECK_FALSE(bench.peer.requests().at(0).has_header("if-none-match"));

  const auto again = bench.done();
  CHECK(again.unchanged == 1);
  CHECK(again.bytes == 0);
  CHECK(bench.peer.requests().at(1).header("if-none-match") == "\"one\"");
  CHECK(bench.reader.sources.size() == 1);

  SUBCASE("when it is to be cut otherwise, its text is here") {
    bench.target.chunk.size = 99;
    CHECK(bench.done().changed == 1);
    CHECK(bench.reader.sources.size() == 1);
    CHECK(bench.done().unchanged == 1);
  }
  SUBCASE("when everything is to be read again, it is asked for without a condition") {
    auto request = bench.request();
    request.force = true;
    CHECK(bench.done(std::move(request)).changed == 1);
    CHECK_FALSE(bench.peer.requests().at(2).has_header("if-none-match"));
  }
  SUBCASE("when it changed, it is read") {
    bench.peer.answer([](const PeerRequest&) { return page("two"); });
    CHECK(bench.done().changed == 1);
    CHECK(bench.text(bench.url).contains("two"));
  }
  bench.sound();
}

TEST_CASE("without an ETag the time of the page is asked by, and without either its bytes decide") {
  const std::string date = "Tue, 03 Nov 2026 10:00:00 GMT";
  WebBench bench([&](const PeerRequest& request) {
    if (request.header("if-modified-since") == date) return PeerReply(304);
    return PeerReply(200, "Text.").header("Last-Modified", date);
  });
  bench.done();
  CHECK(bench.done().bytes == 0);
  bench.peer.answer([](const PeerRequest&) { return PeerReply(200, "Text."); });
  const auto report = bench.done();
  CHECK(report.unchanged == 1);
  CHECK(report.bytes == 5);
  CHECK(bench.reader.sources.size() == 1);
  CHECK(bench.documents().at(0).version.stamp.empty());
}

TEST_CASE("a page that is gone is taken away with a remark; one that fails stays as it was") {
  WebBench bench([](const PeerRequest&) { return page("one"); });
  bench.done();
  for (const auto& reply : {PeerReply(500, "trouble"), PeerReply(403, "no"), PeerReply::hang_up(),
                            PeerReply(200, "half of it").cut_after(4)}) {
    bench.peer.answer([&](const PeerRequest&) { return reply; });
    const auto report = bench.done();
    CHECK(report.failed == 1);
    CHECK(report.removed == 0);
    REQUIRE(report.warnings.size() == 1);
    CHECK(report.warnings[0].starts_with(bench.url + " was not taken in: "));
    CHECK(bench.text(bench.url).contains("one"));
  }
  int status = 404;
  SUBCASE("404") {}
  SUBCASE("410") {
    status = 410;
  }
  bench.peer.answer([&](const PeerRequest&) { return PeerReply(status, "gone"); });
  const auto report = bench.done();
  CHECK(report.removed == 1);
  CHECK(report.failed == 0);
  REQUIRE(report.warnings.size() == 1);
  CHECK(report.warnings[0].contains("is not there any more"));
  CHECK(bench.documents().empty());
  CHECK(bench.done().failed == 1);
  bench.sound();
}

TEST_CASE("a page that was added by hand stays when it is gone, and one that no source names goes") {
  WebBench bench([](const PeerRequest&) { return page("one"); });
  IngestRequest adding{.origin = Origin::added, .sources = {bench.url}};
  bench.done(std::move(adding));
  bench.peer.answer([](const PeerRequest&) { return PeerReply(404); });
  CHECK(bench.done().failed == 1);
  CHECK(bench.documents().size() == 1);

  bench.peer.answer([](const PeerRequest&) { return page("two"); });
  bench.sources = {bench.peer.url("/other")};
  CHECK(bench.done().added == 1);
  bench.sources = {bench.folder.path()};
  CHECK(bench.done().removed == 1);
  CHECK(bench.documents().at(0).source == bench.url);
}

TEST_CASE("redirects are followed, and the page keeps the name it was given") {
  WebBench bench([](const PeerRequest& request) {
    return request.path == "/page" ? PeerReply::redirect("/moved") : page("there");
  });
  bench.done();
  CHECK(bench.documents().at(0).source == bench.url);
  CHECK(bench.text(bench.url).contains("there"));
}

TEST_CASE("pages have the size limit of files, and addresses that the guard refuses are not asked") {
  WebBench bench([](const PeerRequest&) { return PeerReply(200, std::string(2'000, 'x')); });
  bench.target.limits.file = 1'000;
  auto report = bench.done();
  CHECK(report.failed == 1);
  CHECK(bench.documents().empty());

  bench.client = net::make_curl_client(bench.loop, {}, net::Guarding::guarded);
  bench.http = bench.client.get();
  const auto asked = bench.peer.requests().size();
  report = bench.done();
  CHECK(report.failed == 1);
  CHECK(bench.peer.requests().size() == asked);

  bench.http = nullptr;
  report = bench.done();
  CHECK(report.warnings.at(0).contains("pages are not fetched here"));
}

TEST_CASE("what a query of a URL holds is not shown in warnings") {
  WebBench bench([](const PeerRequest&) { return PeerReply(500); }, "/page?key=secret");
  const auto report = bench.done();
  REQUIRE(report.warnings.size() == 1);
  CHECK_FALSE(report.warnings[0].contains("secret"));
}

TEST_CASE("a stop ends a fetch that hangs") {
  WebBench bench([](const PeerRequest&) { return PeerReply::silence(); });
  auto request = bench.request();
  request.on_progress = [&](const IngestProgress& progress) {
    if (progress.phase == IngestProgress::Phase::documents)
      bench.loop.post([&] { bench.stop->request(StopReason::cancelled); });
  };
  CHECK(bench.run(std::move(request)).error().code == ErrorCode::cancelled);
}

TEST_CASE("a validator is kept only when it is of a length that can be sent") {
  WebBench bench([](const PeerRequest&) {
    return PeerReply(200, "Text.").header("ETag", "\"" + std::string(2'000, 'e') + "\"");
  });
  bench.done();
  CHECK(bench.documents().at(0).version.stamp.empty());
  auto page = fakes::run(bench.loop, fetch_page(*bench.http, bench.url, "no JSON", 100, {}, *bench.stop));
  REQUIRE(page.has_value());
  CHECK(page->bytes == "Text.");
}
