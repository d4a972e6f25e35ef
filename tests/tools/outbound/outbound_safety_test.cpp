// Whatever takes a URL, none of it reaches an address that is not public: each row of the table, through
// every tool and loader, with a listener that must not see a connection.
#include "memory/knowledge/ingest/web_page.h"
#include "runtime/net/curl_client.h"
#include "tests/fakes/fixtures.h"
#include "tests/fakes/http_peer.h"
#include "tests/fakes/run_loop.h"
#include "tests/fakes/temp_dir.h"
#include "tests/tools/fake_context.h"
#include "tools/catalog.h"

#include <atomic>
#include <fstream>
#include <netinet/in.h>
#include <sstream>
#include <sys/socket.h>
#include <unistd.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::tools;
using fakes::HttpPeer;
using fakes::PeerReply;
using fakes::PeerRequest;

namespace {

struct Row {
  std::string url;
  std::string rule;
};

std::vector<Row> refused_urls() {
  std::vector<Row> rows;
  std::istringstream lines(fakes::read_fixture("outbound/refused_urls.tsv"));
  for (std::string line; std::getline(lines, line);)
    if (const auto tab = line.find('\t'); !line.starts_with('#') && tab != std::string::npos)
      rows.push_back({line.substr(0, tab), line.substr(tab + 1)});
  return rows;
}

std::string with_port(std::string url, std::uint16_t port) {
  for (std::size_t at; (at = url.find(":P")) != url.npos;) url.replace(at + 1, 1, std::to_string(port));
  return url;
}

/// A listener on every address of this machine of both families, that must never be connected to.
class Canary {
 public:
  Canary() {
    fd_ = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int both = 0;
    if (fd_ >= 0) setsockopt(fd_, IPPROTO_IPV6, IPV6_V6ONLY, &both, sizeof both);
    sockaddr_in6 any6{.sin6_family = AF_INET6, .sin6_addr = in6addr_any};
    sockaddr_in any4{.sin_family = AF_INET};
    if (fd_ < 0 || bind(fd_, reinterpret_cast<sockaddr*>(&any6), sizeof any6) != 0) {
      if (fd_ >= 0) close(fd_);
      fd_ = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
      REQUIRE(bind(fd_, reinterpret_cast<sockaddr*>(&any4), sizeof any4) == 0);
    }
    REQUIRE(listen(fd_, 64) == 0);
    sockaddr_storage bound{};
    socklen_t length = sizeof bound;
    REQUIRE(getsockname(fd_, reinterpret_cast<sockaddr*>(&bound), &length) == 0);
    port_ = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                              : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  }
  ~Canary() { close(fd_); }
  Canary(const Canary&) = delete;
  Canary& operator=(const Canary&) = delete;

  std::uint16_t port() const { return port_; }
  /// Nobody has connected since the last question.
  bool silent() const {
    const int caught = accept(fd_, nullptr, nullptr);
    if (caught >= 0) close(caught);
    return caught < 0;
  }

 private:
  int fd_ = -1;
  std::uint16_t port_ = 0;
};

/// Real time, which a test can set ahead: what names resolve to is asked again.
class ShiftedClock final : public Clock {
 public:
  Instant now() const override { return system_.now() + ahead; }
  std::int64_t wall_ms() const override { return system_.wall_ms() + ahead.count(); }
  Milliseconds ahead{0};

 private:
  SystemClock system_;
};

/// Everything that takes a URL from a configuration, a model or a page, on one guarded client.
struct Takers {
  using Names = std::map<std::string, std::vector<std::string>>;

  explicit Takers(std::vector<std::string> allow = {}, Names given = {}) : names(std::move(given)) {
    http = std::make_unique<net::CurlClient>(
        loop, net::NetworkSettings{.allow_private = std::move(allow)}, net::Guarding::guarded,
        [this](const std::string& host) -> Result<std::vector<net::Address>> {
          ++lookups;
          const auto found = names.find(host);
          if (found == names.end()) return fail(ErrorCode::network, "resolve " + host + ": no such name");
          std::vector<net::Address> addresses;
          for (const std::string& one : found->second) addresses.push_back(*net::Address::parse(one));
          return addresses;
        });
    std::ofstream(document())
        << "openapi: 3.1.0\npaths: { /: { get: { operationId: look, responses: {} } } }\n";
  }
  std::string document() const { return (folder.path() / "api.yaml").string(); }

  Result<> http_tool(const std::string& url, std::vector<std::string> hosts = {}) {
    ToolSettings settings{.name = "t", .type = "http"};
    settings.url.text = url;
    settings.allow_hosts = std::move(hosts);
    return ask(settings, Json::object());
  }
  Result<> openapi(const std::string& url, std::vector<std::string> hosts = {}) {
    ToolSettings settings{.name = "t", .type = "openapi", .base_url = url};
    settings.document = document();
    settings.allow_hosts = std::move(hosts);
    return ask(settings, Json::object());
  }
  Result<> tavily(const std::string& url, std::vector<std::string> = {}) {
    return ask({.name = "t", .type = "tavily", .api_key = "tvly-k", .base_url = url}, {{"query", "x"}});
  }
  Result<> tavily_extract(const std::string& url, std::vector<std::string> = {}) {
    return ask({.name = "t", .type = "tavily", .api_key = "tvly-k", .base_url = url},
               {{"urls", {"https://public.example/"}}});
  }
  Result<> wikipedia(const std::string& url, std::vector<std::string> = {}) {
    return ask({.name = "t", .type = "wikipedia", .base_url = url}, {{"query", "x"}});
  }
  Result<> web_page(const std::string& url, std::vector<std::string> = {}) {
    auto page = fakes::run(loop, memory::fetch_page(*http, url, "", std::size_t{1} << 20, Deadline(), stop));
    return page ? Result<>() : fail(page.error());
  }
  Result<> ask(const ToolSettings& settings, Json arguments) {
    const ToolServices services{clock, *http, "Troupe/test", Patience{1, Milliseconds(1), Milliseconds(2)}};
    auto made = make_section(settings, services);
    if (!made) return fail(made.error());
    Tool& tool = *made->begin()->second;
    auto output = fakes::run(loop, tool.call(ToolInput{std::move(arguments), "K"}, context));
    return output ? Result<>() : fail(output.error());
  }

  ShiftedClock clock;
  Loop loop{clock};
  Stop stop;
  fakes::FakeContext::Sink sink;
  CallContext context{loop, stop, Deadline(), sink, Principal{}, "s_1", "r_1", "agent", 1};
  fakes::TempDir folder;
  Names names;
  std::atomic<int> lookups{0};
  std::unique_ptr<net::CurlClient> http;
};

struct Way {
  const char* name;
  Result<> (Takers::*ask)(const std::string&, std::vector<std::string>);
};
constexpr Way kWays[] = {
    {"http", &Takers::http_tool},       {"openapi", &Takers::openapi},
    {"tavily search", &Takers::tavily}, {"tavily extract", &Takers::tavily_extract},
    {"wikipedia", &Takers::wikipedia},  {"web page of a knowledge base", &Takers::web_page}};
// Those that follow redirects.
constexpr const char* kFollowing[] = {"http", "openapi", "wikipedia", "web page of a knowledge base"};

/// The refusal is the one that the row names.
bool is_refused_by(const Error& error, std::string rule) {
  const std::string& said = error.message;
  if (rule == "no such host") return said.contains("no such name") || error.code == ErrorCode::invalid;
  if (rule == "no URL") return error.code == ErrorCode::invalid || error.code == ErrorCode::denied;
  if (rule == "scheme")
    return said.contains("only http and https") || said.contains("http:// or https://") ||
           said.contains("not a usable URL") || said.contains("is missing: the document does not say where");
  if (rule.starts_with("user|")) {
    if (said.contains("has a user before its host")) return true;
    rule = rule.substr(5);
  }
  // Tools give the reason of a refused setting without its code.
  return (error.code == ErrorCode::denied && said.contains("refused by the rule " + rule));
}

const Takers::Names kNames{
    {"loop.example", {"127.0.0.1"}},          {"loop6.example", {"::1"}},
    {"mapped.example", {"::ffff:127.0.0.1"}}, {"mixed.example", {"93.184.216.34", "127.0.0.1"}},
    {"meta.example", {"169.254.169.254"}},    {"zero.example", {"0.0.0.0"}}};

}  // namespace

TEST_CASE("no URL of the table gets through any tool or loader, and each is refused by its rule") {
  const std::vector<Row> rows = refused_urls();
  REQUIRE(rows.size() >= 60);
  Canary canary;
  Takers takers({}, kNames);
  for (const Way& way : kWays)
    for (const Row& row : rows) {
      const std::string url = with_port(row.url, canary.port());
      CAPTURE(way.name);
      CAPTURE(url);
      CAPTURE(row.rule);
      const auto answer = (takers.*way.ask)(url, {});
      REQUIRE_FALSE(answer);
      CAPTURE(answer.error().message);
      CHECK(is_refused_by(answer.error(), row.rule));
    }
  CHECK(canary.silent());
}

TEST_CASE("no redirect of any status leads a tool or loader to a private address") {
  Canary canary;
  std::atomic<int> status{302};
  std::string location;
  HttpPeer peer([&](const PeerRequest& request) {
    if (request.path.starts_with("/hop")) return PeerReply::redirect("/", status);
    return PeerReply::redirect(location, status);
  });
  Takers::Names names = kNames;
  names["friend.example"] = {"127.0.0.1"};
  Takers takers({"friend.example"}, names);
  const std::vector<std::string> hosts = {"friend.example", "127.0.0.1",       "[::1]",
                                          "localhost",      "169.254.169.254", "loop.example"};
  int asked = 0;
  for (const int code : {301, 302, 303, 307, 308})
    for (const char* target :
         {"http://127.0.0.1:P/", "//127.0.0.1:P/", "http://2130706433:P/", "http://[::1]:P/",
          "http://localhost:P/", "http://loop.example:P/", "http://169.254.169.254/latest",
          "http://user@127.0.0.1:P/", "https://127.0.0.1:P/", "http://[::ffff:7f00:1]:P/",
          "gopher://127.0.0.1:P/_x", "file:///etc/passwd"})
      for (const Way& way : kWays) {
        status = code;
        location = with_port(target, canary.port());
        CAPTURE(way.name);
        CAPTURE(code);
        CAPTURE(location);
        const auto answer = (takers.*way.ask)(peer.url_as("friend.example", "/hop"), hosts);
        ++asked;
        REQUIRE_FALSE(answer);
        CAPTURE(answer.error().message);
        const bool follows =
            std::ranges::find(kFollowing, std::string_view(way.name)) != std::end(kFollowing);
        if (follows) CHECK(answer.error().code == ErrorCode::denied);
      }
  CHECK(peer.requests().size() >= static_cast<std::size_t>(asked));
  CHECK(canary.silent());
}

TEST_CASE(
    "a name that changes to a private address between two calls is refused, also on a kept connection") {
  // 127.0.0.1 stands for the outside: it is allowed, 127.0.0.9 is not.
  for (const Way& way : kWays) {
    CAPTURE(way.name);
    HttpPeer peer([](const PeerRequest&) { return PeerReply::json("{}"); });
    Takers takers({"127.0.0.1"}, {{"turns.example", {"127.0.0.1"}}});
    const std::string url = peer.url_as("turns.example", "/");
    (void)(takers.*way.ask)(url, {});
    const std::size_t before = peer.requests().size();
    REQUIRE(before > 0);
    CHECK(takers.lookups == 1);

    sockaddr_in inside{.sin_family = AF_INET, .sin_port = htons(peer.port())};
    inside.sin_addr.s_addr = htonl(0x7f000009);
    const int canary = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    REQUIRE(bind(canary, reinterpret_cast<sockaddr*>(&inside), sizeof inside) == 0);
    REQUIRE(listen(canary, 8) == 0);
    takers.names["turns.example"] = {"127.0.0.9"};
    takers.clock.ahead += std::chrono::hours(1);

    const auto answer = (takers.*way.ask)(url, {});
    CHECK(takers.lookups == 2);
    REQUIRE_FALSE(answer);
    CHECK(answer.error().code == ErrorCode::denied);
    CHECK(answer.error().message.contains(
        "turns.example resolves to 127.0.0.9, which is refused by the rule loopback"));
    CHECK(accept(canary, nullptr, nullptr) < 0);
    CHECK(peer.requests().size() == before);
    close(canary);
  }
}

TEST_CASE("what an operator has named is reached, by every tool and loader") {
  HttpPeer peer([](const PeerRequest&) { return PeerReply::json("{}"); });
  Takers takers({"inside.example"}, {{"inside.example", {"127.0.0.1"}}, {"other.example", {"127.0.0.1"}}});
  for (const Way& way : kWays) {
    CAPTURE(way.name);
    const auto before = peer.requests().size();
    (void)(takers.*way.ask)(peer.url_as("inside.example", "/"), {});
    CHECK(peer.requests().size() > before);
    const auto other = (takers.*way.ask)(peer.url_as("other.example", "/"), {});
    REQUIRE_FALSE(other);
    CHECK(other.error().code == ErrorCode::denied);
  }
}
