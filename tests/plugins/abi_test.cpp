// What stays compatible: plugins that were built against released headers under today's daemon, and plugins
// as no header of today makes them.
#include "tests/fakes/http_peer.h"
#include "tests/plugins/abi_layout.h"
#include "tests/plugins/plugin_stage.h"

#include <algorithm>
#include <dlfcn.h>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include <doctest/doctest.h>
#include <fmt/format.h>

using namespace troupe;
using namespace troupe::plugins;

namespace fs = std::filesystem;

namespace {

/// The folders of tests/fixtures/abi: "1.0" …
std::vector<std::string> releases() {
  std::vector<std::string> names;
  for (const auto& entry : fs::directory_iterator(TROUPE_FIXTURES "/abi"))
    if (entry.is_directory()) names.push_back(entry.path().filename());
  std::ranges::sort(names);
  return names;
}

std::string built(const std::string& name) {
  return TROUPE_PLUGINS_OF_TESTS "/lib" + name + ".so";
}

std::vector<abi_row> layout(const std::string& library) {
  void* handle = ::dlopen(library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!handle) throw std::runtime_error(::dlerror());
  std::vector<abi_row> rows;
  for (const auto* row = static_cast<const abi_row*>(::dlsym(handle, "troupe_abi_layout")); row->what; ++row)
    rows.push_back(*row);
  return rows;
}

/// One life of a plugin, with a server that it may ask.
class Life {
 public:
  Life(const std::string& file, bool own_process, const std::string& mood = "fair")
      : library_(readable_copy(file)) {
    if (own_process) {
      make_ = process_lines(loop_, worker_cage({.path = library_}));
    } else {
      auto opened = PluginLibrary::open(library_);
      if (!opened) throw std::runtime_error(opened.error().message);
      make_ = thread_lines(loop_, std::make_shared<const PluginLibrary>(std::move(*opened)));
    }
    settings_.config = fmt::format(R"({{"mood":"{}","secrets":{{"key":"s"}}}})", mood);
    Stop stop;
    auto started = fakes::run(loop_, Instance::start(loop_, make_, settings_, stop));
    if (started)
      instance_ = std::move(*started);
    else
      why_not = std::move(started.error());
  }
  ~Life() { end(); }

  void end() {
    if (instance_) fakes::run(loop_, instance_->end());
    instance_.reset();
  }

  Result<PluginAnswer> call(const std::string& tool, std::string input = "{}",
                            Milliseconds cancel_after = 0ms) {
    Stop stop;
    Loop::Alarm alarm;
    if (cancel_after > 0ms)
      alarm = loop_.at(clock_.now() + cancel_after, [&stop] { stop.request(StopReason::cancelled); });
    CallContext context{loop_, stop, Deadline::after(clock_, 30s), told, Principal{}, "s_1", "r_1", "a", 1};
    const auto& services = instance_->description().services;
    const auto found = std::ranges::find(services, tool, &ServiceDescription::name);
    if (found == services.end()) throw std::runtime_error("no tool " + tool);
    return fakes::run(loop_, instance_->call({static_cast<std::size_t>(found - services.begin()),
                                              std::move(input), "some bytes", "key-7"},
                                             context, [this](std::string_view part) { parts += part; }));
  }
  std::string text(const std::string& tool, std::string input = "{}") {
    auto answer = call(tool, std::move(input));
    return answer ? answer->text : "FAILED: " + answer.error().message;
  }

  const PluginDescription& description() const { return instance_->description(); }
  std::size_t finished_again() const { return instance_->finished_again(); }
  const std::string& library() const { return library_; }

  ToldEvents told;
  std::string parts;
  std::optional<Error> why_not;

 private:
  const std::string library_;
  SystemClock clock_;
  Loop loop_{clock_};
  std::unique_ptr<net::HttpClient> http_ = net::make_curl_client(loop_, {}, net::Guarding::open);
  GrantedHttp granted_{*http_, {"127.0.0.1"}};
  InstanceSettings settings_{.name = "everything", .http = &granted_};
  LineMaker make_;
  std::unique_ptr<Instance> instance_;
};

void hold_calls(Life& life) {
  const auto answer = life.call("everything", R"({"a":1})");
  REQUIRE_MESSAGE(answer, (answer ? "" : answer.error().message));
  CHECK(
      answer->text ==
      R"(input {"a":1}, body some bytes, key key-7, timed 1, cancelled 0, progress 0 0, part 0, user mine)");
  CHECK(answer->body == "bytes");
  CHECK(life.parts == "a piece");
  CHECK(life.text("after") == "0 then 10");
  CHECK(life.finished_again() == 1);
  REQUIRE(life.told.events.size() == 2);
  CHECK(string_or(life.told.events[0].fields, "text") == "half of it");
  CHECK(life.told.events[0].fields.at("fraction") == Json(0.5));
  CHECK(string_or(life.told.events[1].fields, "text") == "nobody knows");

  CHECK(life.text("later") == "later");
  CHECK(life.text("say") == "said");
  CHECK(life.text("remember", R"({"troupe_status":"key-7"})") ==
        R"({"state": "done", "text": "remembered"})");
  CHECK(life.text("remember") == "remembered");
  CHECK(life.text("show_host") ==
        R"(abi 1, version 1, all there 1, unknown 0, config {"mood":"fair","secrets":{"key":"s"}})");
  const auto cancelled = life.call("until_cancelled", "{}", 20ms);
  REQUIRE_FALSE(cancelled);
  CHECK(cancelled.error().code == ErrorCode::cancelled);
  CHECK(cancelled.error().message.find("killed") == std::string::npos);
}

void hold_statuses(Life& life) {
  const std::pair<int, ErrorCode> ends[] = {
      {1, ErrorCode::tool},      {2, ErrorCode::invalid},     {3, ErrorCode::cancelled},
      {4, ErrorCode::denied},    {5, ErrorCode::timeout},     {6, ErrorCode::busy},
      {7, ErrorCode::too_large}, {8, ErrorCode::unavailable}, {9, ErrorCode::tool},
      {10, ErrorCode::tool},     {4711, ErrorCode::tool}};
  for (const auto& [status, code] : ends) {
    CAPTURE(status);
    const auto ended = life.call("status", fmt::format(R"({{"status":{}}})", status));
    REQUIRE_FALSE(ended);
    CHECK(word(ended.error().code) == word(code));
    CHECK(ended.error().message == "as you wish");
  }
  CHECK(life.text("status", R"({"status":0})") == "as you wish");
}

void hold_http(Life& life) {
  fakes::HttpPeer peer([](const fakes::PeerRequest& request) {
    return fakes::PeerReply::json(
        fmt::format("{} {} {}", request.method, request.header("x-test"), request.body), 201);
  });
  const std::string input = dump(Json{{"url", peer.url("/x")}});
  for (const char* tool : {"fetch", "start"}) {
    CAPTURE(tool);
    CHECK(life.text(tool, input) ==
          "status 0, http 201, complete 1, type application/json; charset=utf-8, body POST yes asked");
    const std::string denied = life.text(tool, R"({"url":"http://example.org/"})");
    CHECK_MESSAGE(denied.starts_with("status 4, http 0, complete 1, type , body "), denied);
  }
}

}  // namespace

TEST_CASE("what was built against a released header works under today's daemon, in both ways of running it") {
  REQUIRE_FALSE(releases().empty());
  for (const std::string& release : releases())
    for (const bool own_process : {true, false}) {
      CAPTURE(release);
      CAPTURE(own_process);
      Life life(built("abi_plugin_" + release), own_process);
      REQUIRE_MESSAGE(!life.why_not, life.why_not->message);
      CHECK(life.description().concurrent == 4);
      CHECK(life.description().permissions == Json{{"hosts", {"127.0.0.1"}}, {"threads", 1}});
      const ServiceDescription* everything = life.description().find("tool", "everything");
      REQUIRE(everything);
      CHECK(everything->version == "2");
      CHECK(everything->timeout == 5s);
      CHECK(life.description().find("tool", "until_cancelled")->effect == tools::Effect::idempotent);
      hold_calls(life);
      hold_statuses(life);
      hold_http(life);
      life.end();
      if (own_process) continue;
      void* here = ::dlopen(life.library().c_str(), RTLD_NOW | RTLD_NOLOAD);
      REQUIRE(here);
      CHECK(*static_cast<const int*>(::dlsym(here, "troupe_test_deinits")) == 1);
      const auto* entry = static_cast<const troupe_plugin*>(::dlsym(here, TROUPE_ENTRY));
      CHECK(entry->capability("test.greeting/1") != nullptr);
      CHECK(entry->capability("test.unknown/1") == nullptr);
    }
}

TEST_CASE("what was built against a released header and refuses to start is heard") {
  for (const std::string& release : releases()) {
    CAPTURE(release);
    const Life life(built("abi_plugin_" + release), true, "refuse");
    REQUIRE(life.why_not);
    CHECK(life.why_not->code == ErrorCode::unavailable);
    CHECK(life.why_not->message == "plugin everything: its configuration says so");
  }
}

TEST_CASE(
    "today's header has everything of the released ones, where it was, as large and with the same worth") {
  for (const std::string& release : releases()) {
    CAPTURE(release);
    const auto then = layout(built("abi_layout_" + release));
    const auto now = layout(built("abi_layout_today_" + release));
    REQUIRE(then.size() == now.size());
    std::set<std::string> grows;  // structs that say their size, which may become larger
    for (const abi_row& row : then)
      if (std::string_view(row.what).ends_with(".struct_size"))
        grows.insert(std::string(row.what).substr(0, std::string_view(row.what).find('.')));
    for (std::size_t i = 0; i < then.size(); ++i) {
      CAPTURE(then[i].what);
      CHECK(then[i].offset == now[i].offset);
      CHECK(std::string_view(then[i].text ? then[i].text : "") == (now[i].text ? now[i].text : ""));
      if (then[i].kind == 's' && grows.contains(then[i].what))
        CHECK(then[i].size <= now[i].size);
      else
        CHECK(then[i].size == now[i].size);
    }
  }
}

TEST_CASE("what is held against the released headers is all that is in them") {
  for (const std::string& release : releases()) {
    CAPTURE(release);
    std::map<std::string, std::size_t> sizes;
    std::map<std::string, std::size_t> listed;  // bytes of the members that are named
    for (const abi_row& row : layout(built("abi_layout_" + release))) {
      const std::string what(row.what);
      if (row.kind == 's') sizes[what] = row.size;
      if (row.kind != 'm') continue;
      const std::string type = what.substr(0, what.find('.'));
      CHECK_MESSAGE(row.offset == listed[type], what, ": what stands before it is not in members.def");
      listed[type] += row.size;
    }
    CHECK(sizes == listed);  // none has a hole
    std::ifstream in(TROUPE_FIXTURES "/abi/" + release + "/troupe_plugin.h");
    std::string header(std::istreambuf_iterator<char>(in), {});
    std::size_t structs = 0;
    for (std::size_t at = header.find("\ntypedef struct "); at != std::string::npos;
         at = header.find("\ntypedef struct ", at + 1))
      structs += header.substr(at, header.find_first_of(";{", at) - at).ends_with(' ') ? 1 : 0;
    CHECK(structs == sizes.size());
  }
}

TEST_CASE("a plugin of a header to come is used for what is known of it") {
  Life life(built("odd_later"), true);
  REQUIRE_MESSAGE(!life.why_not, life.why_not->message);
  CHECK(life.text("works") == "works");
  CHECK(life.description().find("oracle", "delphi"));
  CHECK_FALSE(life.description().find("tool", "works")->can("status"));
  CHECK(life.text("delphi") == "works");  // whoever knows the kind can call it
}

TEST_CASE(
    "null pointers and nonsense are used where they mean something, and refused with a sentence elsewhere") {
  const std::map<std::string, std::string> verdicts = {
      {"plain", ""},
      {"later", ""},
      {"stub_service", "a service's struct_size is 8; write TROUPE_SIZE(troupe_service)"},
      {"small_service", "a service's struct_size is 16; write TROUPE_SIZE(troupe_service)"},
      {"no_handle", "tool `works` has no `handle`"},
      {"no_service_name", "tool ``: a name is [A-Za-z0-9_-], at most 64"},
      {"no_kind", " `works`: a kind is [a-z0-9_-], at most 64"},
      {"no_description", "tool `works` has no description: a model would not know when to call it"},
      {"no_effect", "tool `works`: there is no effect 17"},
      {"no_json", "tool `works`: its input_schema is not JSON"},
      {"no_schema", "tool `works`: its input schema is no JSON object"},
      {"long_timeout", "tool `works`: a timeout is at most a day"},
      {"twice", "there are two services `works` of kind `tool`"},
      {"null_service", "one of its services is null"},
      {"null_list", "it says that it has 1 services; it has 256 at most and a pointer to them"},
      {"many", "it says that it has 4294967295 services"},
      {"nothing", "the plugin offers nothing"},
      {"no_symbol", "it is no plugin: it exports no symbol `troupe_plugin_entry`"},
      {"other_abi", "it is made for ABI 2, this daemon has ABI 1"},
      {"small_plugin", "its struct_size is 16; write TROUPE_SIZE(troupe_plugin)"},
      {"no_services", "it has no `services`"},
      {"no_name", "the plugin's name `` is not [a-z0-9_-], at most 64"},
      {"no_version", "the plugin's version has 1 to 64 bytes"},
      {"bad_permissions", "the plugin's permissions are no JSON object"},
      {"bad_config_schema", "the plugin's config_schema is not JSON"},
      {"concurrent", "the plugin takes 4294967295 calls at once, at most 1024 are given"}};
  for (const auto& [name, words] : verdicts) {
    CAPTURE(name);
    const auto opened = PluginLibrary::open(built("odd_" + name));
    CHECK(opened.has_value() == words.empty());
    if (opened) continue;
    CHECK(opened.error().code == ErrorCode::invalid);
    CHECK_MESSAGE(opened.error().message.find(words) != std::string::npos, opened.error().message);
  }
  Life life(built("odd_plain"), true);
  REQUIRE_MESSAGE(!life.why_not, life.why_not->message);
  CHECK(life.text("works") == "works");
}

TEST_CASE("what a worker cannot use is told to the daemon in the same words, and costs nobody else") {
  for (const char* name : {"stub_service", "other_abi", "null_list", "no_symbol"}) {
    CAPTURE(name);
    const auto here = PluginLibrary::open(built(std::string("odd_") + name));
    REQUIRE_FALSE(here);
    const Life life(built(std::string("odd_") + name), true);
    REQUIRE(life.why_not);
    CHECK(life.why_not->code == ErrorCode::invalid);
    CHECK(life.why_not->message == "plugin everything: " + here.error().message);
  }
}
