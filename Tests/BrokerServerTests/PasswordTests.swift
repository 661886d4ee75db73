import BrokerCore
import Testing

@testable import BrokerServer

@Suite struct PasswordTests {
    private func hexadecimal(_ octets: [UInt8]) -> String {
        octets.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    /// The examples of FIPS 180-4, and lengths around a block's.
    @Test(arguments: [
        ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
        ),
        (
            "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrst"
                + "nopqrstu", "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
        ),
    ])
    func sha256(_ text: String, _ expected: String) {
        #expect(hexadecimal(SHA256.digest(Array(text.utf8))) == expected)
    }

    @Test func sha256InPieces() {
        let octets = (0..<300).map { UInt8(truncatingIfNeeded: $0) }
        let whole = SHA256.digest(octets)
        for cut in [1, 55, 56, 63, 64, 65, 128, 299] {
            var hash = SHA256()
            hash.update(octets.prefix(cut))
            hash.update(octets.dropFirst(cut))
            #expect(hash.digest() == whole, "cut at \(cut)")
        }
    }

    /// RFC 4231, test cases 1, 2 and 6 (a key longer than a block).
    @Test func hmac() {
        #expect(
            hexadecimal(SHA256.HMAC(key: [UInt8](repeating: 0x0b, count: 20)).code(of: Array("Hi There".utf8)))
                == "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7")
        #expect(
            hexadecimal(SHA256.HMAC(key: Array("Jefe".utf8)).code(of: Array("what do ya want for nothing?".utf8)))
                == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
        #expect(
            hexadecimal(
                SHA256.HMAC(key: [UInt8](repeating: 0xaa, count: 131))
                    .code(of: Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
                == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    }

    /// The first from RFC 7914, section 11; both begin with the 32 octets that are derived here.
    @Test(arguments: [
        ("passwd", "salt", 1, "55ac046e56e3089fec1691c22544b605f94185216dde0465e68b9d57c20dacbc"),
        ("password", "salt", 2, "ae4d0c95af6b46d32d0adff928f06dd02a303f8ef3c251dfd6e2d85a95474c43"),
        ("password", "salt", 4096, "c5e478d59288c841aa530db6845c4c8d962893a001ce4e11a4963873aa98134a"),
    ])
    func pbkdf2(_ password: String, _ salt: String, _ iterations: Int, _ expected: String) {
        let derived = SHA256.derive(password: Array(password.utf8), salt: Array(salt.utf8), iterations: iterations)
        #expect(hexadecimal(derived) == expected)
    }

    @Test func aHashMatchesItsPasswordOnly() throws {
        let hash = PasswordHash(of: Array("secret".utf8), iterations: 10)
        let read = try #require(PasswordHash(hash.text))
        #expect(read == hash)
        #expect(read.matches(Array("secret".utf8)))
        for wrong in ["", "Secret", "secret ", "secre", "secretsecret"] { #expect(!read.matches(Array(wrong.utf8))) }
        #expect(!hash.text.contains("secret"))
        // Another salt each time.
        #expect(PasswordHash(of: Array("secret".utf8), iterations: 10).text != hash.text)
    }

    @Test(arguments: [
        "", "secret", "md5$1$00$00", "pbkdf2-sha256$0$0011223344556677$00", "pbkdf2-sha256$10$0011223344556677$00",
        "pbkdf2-sha256$10$00$" + String(repeating: "00", count: 32),
        "pbkdf2-sha256$99999999$0011223344556677$" + String(repeating: "00", count: 32),
        "pbkdf2-sha256$10$001122334455667$" + String(repeating: "00", count: 32),
        "pbkdf2-sha256$10$0011223344556677$" + String(repeating: "0g", count: 32),
        "pbkdf2-sha256$10$0011223344556677$" + String(repeating: "00", count: 33),
    ])
    func whatIsNoHash(_ text: String) { #expect(PasswordHash(text) == nil) }

    @Test func theUsersOfAFile() throws {
        let hash = PasswordHash(of: Array("pw".utf8), iterations: 10).text
        let file = try UsersFile("# users\n\nalice:\(hash)\r\nb:o b:\(hash)\nguest:\(hash)")
        #expect(file.users.map(\.name) == ["alice", "b:o b", "guest"])
        #expect(file.users.map(\.loopbackOnly) == [false, false, true])
        for user in file.users {
            #expect(user.accepts(Array("pw".utf8)))
            // Again, now that it is remembered; and what is remembered lets nobody else in.
            #expect(user.accepts(Array("pw".utf8)))
            #expect(!user.accepts(Array("pv".utf8)))
            #expect(!user.accepts([]))
        }
    }

    @Test(arguments: ["alice", ":x", "alice:secret", "alice:", "a:b:c"])
    func whatIsNoUsersFile(_ line: String) {
        let error = #expect(throws: UsersFile.Malformed.self) { try UsersFile("# first\n\(line)\n") }
        #expect(error?.line == 2)
        // Who puts a password there by mistake does not find it in the log.
        #expect(error?.description.contains("secret") == false)
    }

    @Test func thePermissionsOfAFile() throws {
        let hash = PasswordHash(of: Array("pw".utf8), iterations: 10).text
        let file = try UsersFile(
            "all:\(hash)\nsome:\(hash)\n  / ^some- .* ^$\r\n\ta host   .* .* .*\n \nall2:\(hash)\n")
        #expect(file.users.map(\.isAdministrator) == [true, false, true])
        #expect(
            file.users[1].permissions == [
                "/": try Permissions(configure: "^some-", write: ".*", read: "^$"), "a host": .all,
            ])
    }

    @Test(arguments: [" / .* .*", "  /", " / .* [ .*", " h .* .* .*"])
    func whatIsNoPermission(_ line: String) {
        let hash = PasswordHash(of: Array("pw".utf8), iterations: 10).text
        let error = #expect(throws: UsersFile.Malformed.self) { try UsersFile("a:\(hash)\n h .* .* .*\n\(line)\n") }
        #expect(error?.line == 3)
        #expect(throws: UsersFile.Malformed.self) { try UsersFile(" h .* .* .*\na:\(hash)") }
    }

    @Test func aUserStandsInAFileOnce() {
        let hash = PasswordHash(of: Array("pw".utf8), iterations: 10).text
        let error = #expect(throws: UsersFile.Malformed.self) { try UsersFile("a:\(hash)\nb:\(hash)\na:\(hash)") }
        #expect(error?.line == 3)
    }
}
