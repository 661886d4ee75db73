/// What `broker --help` says. It fits a screen of 80 columns and 32 lines.
enum Usage {
    static let text = """
        Usage: broker [OPTION]...                              run an AMQP 0-9-1 broker
               broker list-queues|list-exchanges|list-bindings|list-consumers|
                      list-connections [--vhost NAME] [--url URL]    see inside one
               broker hash-password NAME                 make a line for --users FILE

          --host HOST              where to listen, "" is everywhere    [localhost]
          --port PORT              0 takes a free one                        [5672]
          --management-port PORT   the listing API, or off            [PORT + 10000]
          --data DIR               keep what is durable there; without it, all is in
                                   memory and ends with the broker
          --vhost NAME             one more virtual host beside "/"; repeatable
          --user NAME              one more user; the password comes from the
                                   variable BROKER_PASSWORD or standard input
          --users FILE             more users, with lines from hash-password and,
                                   indented below, VHOST CONFIGURE WRITE READ for
                                   one who may not do everything everywhere
          --no-guest               leave out guest, who has the password guest and
                                   may only log in from this machine
          --anonymous USER         log in who gives no password as that user (SASL
                                   ANONYMOUS, not offered otherwise)
          --trace VHOST            copy each message published or delivered to the
                                   exchange amq.rabbitmq.trace; repeatable
          --heartbeat SECONDS      offered to clients, 0 is none               [60]
          --channel-max N          channels of a connection                  [2047]
          --frame-max OCTETS       size of a frame                         [131072]
          --max-message-size OCTETS                                     [134217728]
          --consumer-timeout MS    to acknowledge a message, 0 is ever     [1800000]
          --memory-high-water OCTETS|PERCENT%  of messages; above, publishers wait [40%]
          --disk-free-limit OCTETS  free for DIR; below, publishers wait  [50000000]
          --product rabbitmq|own   what clients are told they speak to     [rabbitmq]
          --log-level LEVEL        debug, info, warning or error             [info]
        The log goes to standard error. CTRL+C or SIGTERM ends the broker properly.
        """
}
