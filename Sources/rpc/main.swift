import TutorialKit

// Step 6: a question out, its answer back.
let timeout = Option("--timeout", "S", "seconds to wait for the answer; 10 if not given")

await Step(
    "rpc",
    roles: [
        Role("serve", does: "computes Fibonacci numbers for its clients") { broker, _ in
            try await serve(on: broker)
        },
        Role(
            "call", takes: "[N]", options: [timeout],
            does: "asks for the Nth Fibonacci number, the 30th if not given"
        ) { broker, arguments in
            let question = arguments.words.isEmpty ? "30" : arguments.words.joined(separator: " ")
            try await call(question, timeout: arguments.seconds(timeout) ?? .seconds(10), on: broker)
        },
    ],
    play: { play in
        try await play.start("server") { try await serve(on: $0) }
        for question in ["30", "92"] {
            try await play.run("client") { try await call(question, timeout: .seconds(10), on: $0) }
        }
    }
).run()
