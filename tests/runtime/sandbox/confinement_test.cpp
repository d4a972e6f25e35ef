#include "tests/fakes/temp_dir.h"
#include "tests/runtime/sandbox/sandboxed.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <sys/socket.h>

#include <doctest/doctest.h>

using namespace troupe;
using namespace troupe::sandbox;

namespace {

/// A folder that anybody may use, so that only the sandbox can be what refuses.
class OpenFolder {
 public:
  OpenFolder() {
    std::filesystem::permissions(folder_.path(), std::filesystem::perms::all);
    write("secret", "canary\n");
  }
  std::string path() const { return folder_.path(); }
  std::string file(const std::string& name) const { return path() + "/" + name; }
  bool has(const std::string& name) const { return std::filesystem::exists(file(name)); }
  std::string text(const std::string& name) const {
    std::ifstream in(file(name));
    return {std::istreambuf_iterator<char>(in), {}};
  }

 private:
  void write(const std::string& name, const std::string& text) {
    std::ofstream(file(name)) << text;
    std::filesystem::permissions(file(name), std::filesystem::perms(0666));
  }
  fakes::TempDir folder_;
};

/// A listener on loopback that nobody inside may reach.
class Canary {
 public:
  Canary() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (::bind(socket_.get(), reinterpret_cast<sockaddr*>(&address), size) < 0 ||
        ::listen(socket_.get(), 5) < 0 ||
        ::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&address), &size) < 0)
      throw std::runtime_error("cannot listen on loopback");
    port_ = ntohs(address.sin_port);
  }
  int port() const { return port_; }
  bool touched() const { return Descriptor(::accept(socket_.get(), nullptr, nullptr)).open(); }

 private:
  Descriptor socket_;
  int port_ = 0;
};

Program knock(int port) {
  return {"/bin/bash", {"-c", "echo hello > /dev/tcp/127.0.0.1/" + std::to_string(port)}, {}};
}

}  // namespace

TEST_CASE("files outside of the readable paths cannot be read") {
  const OpenFolder folder;
  for (const auto& support : levels_here()) {
    for (const auto& path : {std::string("/etc/shadow"), std::string("/etc/passwd"), folder.file("secret")}) {
      const auto said = run_in(support, plain(), {"/bin/cat", {path}, {}});
      REQUIRE_FALSE(said);
      CHECK_MESSAGE(said.error().message.starts_with("cat exited with code 1: /bin/cat: " + path + ": "),
                    said.error().message);
    }
    CHECK_FALSE(run_in(support, plain(), {"/bin/ls", {folder.path()}, {}}));

    auto confinement = plain();
    confinement.readable.push_back(folder.path());
    const auto allowed = run_in(support, confinement, {"/bin/cat", {folder.file("secret")}, {}});
    REQUIRE_MESSAGE(allowed.has_value(), allowed.error().message);
    CHECK(*allowed == "canary\n");
  }
}

TEST_CASE("nothing can be written, changed or removed but in the writable paths") {
  for (const auto& support : levels_here()) {
    const OpenFolder folder;
    const std::string script =
        "cd " + folder.path() +
        "; echo spoilt > secret; echo more >> secret; echo x > new; rm -f secret; "
        "mv secret moved; mkdir sub; ln -s secret link; chmod 0 secret; touch -d 2001-01-01 secret; "
        "echo x > /stray; echo x > /tmp/stray-" +
        std::to_string(::getpid());
    auto confinement = with_processes();
    confinement.readable.push_back(folder.path());
    confinement.file_bytes = 1000;
    CHECK_FALSE(run_in(support, confinement, shell(script)));
    CHECK(folder.text("secret") == "canary\n");
    CHECK((std::filesystem::status(folder.file("secret")).permissions() & std::filesystem::perms(0666)) ==
          std::filesystem::perms(0666));
    for (const char* name : {"new", "moved", "sub", "link"}) CHECK_FALSE(folder.has(name));
    CHECK_FALSE(std::filesystem::exists("/tmp/stray-" + std::to_string(::getpid())));

    confinement = with_processes();
    confinement.writable.push_back(folder.path());
    confinement.file_bytes = 1000;
    const auto said = run_in(support, confinement,
                             shell("cd " + folder.path() + " && echo kept > new && mkdir sub && rm secret"));
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    CHECK(folder.text("new") == "kept\n");
    CHECK_FALSE(folder.has("secret"));
  }
}

TEST_CASE("a file cannot grow over its limit") {
  for (const auto& support : levels_here()) {
    const OpenFolder folder;
    auto confinement = plain();
    confinement.writable.push_back(folder.path());
    confinement.file_bytes = 1000;
    const auto said =
        run_in(support, confinement,
               {"/bin/dd", {"if=/dev/zero", "of=" + folder.file("large"), "bs=900", "count=9"}, {}});
    REQUIRE_FALSE(said);
    CHECK_MESSAGE(said.error().message.find("SIGXFSZ") != std::string::npos, said.error().message);
    CHECK(std::filesystem::file_size(folder.file("large")) == 1000);
  }
}

TEST_CASE("nobody can be connected to, unless the network was asked for") {
  for (const auto& support : levels_here()) {
    const Canary canary;
    const auto said = run_in(support, plain(), knock(canary.port()));
    REQUIRE_FALSE(said);
    CHECK_FALSE(canary.touched());

    auto confinement = plain();
    confinement.network = true;
    const auto allowed = run_in(support, confinement, knock(canary.port()));
    CHECK_MESSAGE(allowed.has_value(), allowed.error().message);
    CHECK(canary.touched());
  }
}

TEST_CASE("the environment is empty but for what was given") {
  for (const auto& support : levels_here()) {
    auto said = run_in(support, plain(), {"/usr/bin/env", {}, {}});
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    said->erase(0, said->starts_with("PWD=/\n") ? 6 : 0);  // bubblewrap says where it is
    CHECK(*said == "");
    said = run_in(support, plain(), {"/usr/bin/env", {}, {"LANG=C.UTF-8"}});
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    CHECK(said->starts_with("LANG=C.UTF-8\n"));
  }
}

TEST_CASE("no descriptor of ours is inherited") {
  const Descriptor careless(::fcntl(0, F_DUPFD, 3));
  const Descriptor high(::fcntl(0, F_DUPFD, 700));
  for (const auto& support : levels_here()) {
    auto confinement = plain();
    confinement.readable.emplace_back("/proc");
    const auto said = run_in(support, confinement, {"/bin/ls", {"/proc/self/fd"}, {}});
    REQUIRE_MESSAGE(said.has_value(), said.error().message);
    CHECK(*said == "0\n1\n2\n3\n");  // 3 is the folder that ls reads
  }
}

TEST_CASE("without processes nothing can be forked, and where Landlock works nothing else executed") {
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), shell("(echo inner)"));
    REQUIRE_FALSE(said);
    CHECK_MESSAGE(said.error().message.find("Cannot fork") != std::string::npos, said.error().message);
  }
  const auto said = run_in(without_bubblewrap(), plain(), shell("exec /bin/cat /usr/bin/env"));
  REQUIRE_FALSE(said);
  CHECK_MESSAGE(said.error().message.find("Permission denied") != std::string::npos, said.error().message);
}

TEST_CASE("memory ends at the limit") {
  for (const auto& support : levels_here()) {
    auto confinement = plain();
    confinement.address_space = 256u << 20;
    const auto said =
        run_in(support, confinement, {"/bin/dd", {"if=/dev/zero", "of=/dev/null", "bs=1G", "count=1"}, {}});
    REQUIRE_FALSE(said);
    CHECK_MESSAGE(said.error().message.find("memory exhausted") != std::string::npos, said.error().message);
    CHECK(
        run_in(support, confinement, {"/bin/dd", {"if=/dev/zero", "of=/dev/null", "bs=1M", "count=1"}, {}}));
  }
}

TEST_CASE("processor time ends at the limit") {
  auto confinement = plain();
  confinement.cpu_seconds = 1;
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, confinement, shell("while :; do :; done"));
    REQUIRE_FALSE(said);
    CHECK_MESSAGE(said.error().message.find("SIGXCPU (its processor time is used up)") != std::string::npos,
                  said.error().message);
  }
}

TEST_CASE("limits, groups and privileges are what they should be inside") {
  for (const auto& support : levels_here()) {
    auto confinement = plain();
    confinement.readable.emplace_back("/proc");
    const auto status = run_in(support, confinement, {"/bin/cat", {"/proc/self/status"}, {}});
    REQUIRE_MESSAGE(status.has_value(), status.error().message);
    for (const char* line :
         {"CapEff:\t0000000000000000", "CapPrm:\t0000000000000000", "NoNewPrivs:\t1", "Seccomp:\t2"})
      CHECK_MESSAGE(status->find(line) != std::string::npos, *status);
    CHECK(status->find("Uid:\t0") == std::string::npos);
    const auto limits = run_in(support, plain(), shell("ulimit -n; ulimit -c; umask; pwd"));
    REQUIRE_MESSAGE(limits.has_value(), limits.error().message);
    CHECK(*limits == "64\n0\n0077\n/\n");
  }
}

TEST_CASE("processes outside cannot be signalled") {
  for (const auto& support : levels_here()) {
    const auto said = run_in(support, plain(), shell("kill -0 " + std::to_string(::getpid())));
    CHECK_FALSE(said);
  }
}

TEST_CASE("a level says what it is made of and what is missing") {
  const Support nothing{.no_bubblewrap = "bubblewrap is not installed (package bubblewrap)"};
  CHECK(level(nothing) == Level::none);
  CHECK(describe(nothing).starts_with("none: resource limits; this kernel has no seccomp filters"));
  const Support filtered{.seccomp = true,
                         .no_bubblewrap = "bubblewrap is not installed (package bubblewrap)"};
  CHECK(level(filtered) == Level::no_file_rules);
  CHECK(describe(filtered).find("bubblewrap is not installed") != std::string::npos);
  CHECK(describe(filtered).find("files are not guarded") != std::string::npos);
  const Support landlocked{.seccomp = true, .landlock = 7};
  CHECK(level(landlocked) == Level::no_namespaces);
  CHECK(describe({.seccomp = true, .landlock = 7, .bubblewrap = "/usr/bin/bwrap"}) ==
        "full: resource limits, system call filter, namespaces by /usr/bin/bwrap");
  CHECK(level(machine()) > Level::none);
}
