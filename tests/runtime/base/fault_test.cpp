#include "runtime/base/fault.h"

#include "runtime/base/sha256.h"

#include <doctest/doctest.h>

using namespace troupe;

TEST_CASE("a fault fires on the hits it was told to, and nowhere else") {
  REQUIRE(arm_faults("disk.write:2:eio,disk.write:4-5:enospc,other:3+:eio").has_value());

  CHECK(fault_point("disk.write") == Fault::none);
  CHECK(fault_point("disk.write") == Fault::eio);
  CHECK(fault_point("disk.write") == Fault::none);
  CHECK(fault_point("disk.write") == Fault::enospc);
  CHECK(fault_point("disk.write") == Fault::enospc);
  CHECK(fault_point("disk.write") == Fault::none);
  CHECK(fault_point("unknown") == Fault::none);
  for (int hit = 1; hit < 10; ++hit) CHECK(fault_point("other") == (hit >= 3 ? Fault::eio : Fault::none));

  REQUIRE(arm_faults("").has_value());
  CHECK(fault_point("other") == Fault::none);
}

TEST_CASE("a delay lets time pass and nothing else") {
  REQUIRE(arm_faults("slow:1:delay:20").has_value());
  const auto before = std::chrono::steady_clock::now();
  CHECK(fault_point("slow") == Fault::none);
  CHECK(std::chrono::steady_clock::now() - before >= std::chrono::milliseconds(20));
  REQUIRE(arm_faults("").has_value());
}

TEST_CASE("a fault that nobody can mean is refused with its text, and leaves the others as they were") {
  REQUIRE(arm_faults("a:1:eio").has_value());
  for (const char* wrong :
       {"a", "a:1", ":1:eio", "a:0:eio", "a:x:eio", "a:5-3:eio", "a:1:explode", "a:1:delay", "a:1:delay:x",
        "a:1:delay:999999", "a:1:eio:5", "a:-1:eio", "a:1:eio,b"}) {
    CAPTURE(wrong);
    auto armed = arm_faults(wrong);
    REQUIRE_FALSE(armed.has_value());
    CHECK(armed.error().code == ErrorCode::invalid);
    CHECK(armed.error().message.find("expected name:nth:action") != std::string::npos);
  }
  CHECK(fault_point("a") == Fault::eio);
  REQUIRE(arm_faults("").has_value());
}

TEST_CASE("SHA-256 as FIPS 180-4 gives it") {
  CHECK(sha256_hex("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}
