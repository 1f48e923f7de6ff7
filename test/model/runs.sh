# SPDX-License-Identifier: MIT
# What run.sh looks at: holds MODEL NAME MACRO..., broken MODEL PROPERTY NAME MACRO...

holds ring '2 slots, 6 records' N=2 K=6
holds ring '4 slots, 8 records' N=4 K=8
holds ring '4 slots, records of 1 to 4 slots' N=4 K=6 BIGGEST=4
holds ring '2 slots, bursts and batches of 2' N=2 K=6 BURST=2 BATCH=2
holds ring '4 slots, bursts and batches of 2, records of 1 to 2' N=4 K=5 BURST=2 BATCH=2 BIGGEST=2
holds ring 'both ends get done' BURST=2 BATCH=2 LIVE
holds ring 'lying producer' N=4 K=5 BATCH=2 HOSTILE_PRODUCER
holds ring 'lying consumer' N=2 K=4 BIGGEST=2 HOSTILE_CONSUMER
broken ring wake 'no P5' P5=skip
broken ring wake 'no P8' P8=skip
broken ring wake 'no C5' C5=skip
broken ring wake 'no C8' C8=skip
broken ring wake 'no P9' P9=false
broken ring wake 'no C9' C9=cons
broken ring done 'no C9, in the long run' LIVE C9=cons
broken ring order 'P4 before P3' P4_BEFORE_P3
broken ring order 'C4 before C3' C4_BEFORE_C3
broken ring wake 'P7 asks for one slot too many' BIGGEST=2 'P7=(prod+size-N+1)'
broken ring wake 'C7 waits for what it has' C7=cons
broken ring wake 'P6, C6 leave out the new index' 'CROSSED(m,o,n)=(SUB(m,(o)+1)+1<SUB(n,o))'
broken ring wake 'P6, C6 compare without wrap' 'CROSSED(m,o,n)=((m)>(o)&&(m)<=(n))'
broken ring wake 'producer sleeps on an untold burst' BURST=2 BIGGEST=2 TELL_BEFORE_SLEEP=false
broken ring wake 'consumer sleeps on an unpublished batch' BATCH=2 BIGGEST=2 PUBLISH_BEFORE_SLEEP=false
broken ring sane 'C2 takes a full ring for a lie' 'C2(p)=(SUB(p,cons)>=N)'
broken ring sane 'P2 takes an empty ring for a lie' 'P2(c)=(SUB(c,cons)>=SUB(prod,cons))'
broken ring bounds 'no C2' HOSTILE_PRODUCER 'C2(p)=false'
broken ring bounds 'no P2' HOSTILE_CONSUMER 'P2(c)=false'

holds charged '4 slots, 4 packets'
holds charged '4 slots, 5 packets of TCP' K=5 NO_DATAGRAMS
holds charged '2 slots, 4 packets, indices of 3 bits' N=2 WRAP=8
holds charged 'all packets get done' K=3 LIVE
broken charged wake 'whether a charged packet is the first is asked before it is put' FIRST_BEFORE_PUT
broken charged mark 'charged_mark compared by sign alone' N=2 K=5 WRAP=8 'MARK_IS_DUE=PAST(cons,mark_charged)'
broken charged wake 'no P9' P9=skip
broken charged early 'a charged packet is taken back one slot early' 'CHARGED_END=(prod-1)'
broken charged done 'a charged packet is taken back one slot late' K=2 LIVE 'TAKES_BACK(end)=(SUB(cons,end+1)<WRAP/2)'
broken charged wake 'the first to wait does not ask' HOLD_DRAINS=false
broken charged wake 'the poll does not see charged packets' POLL_SEES=false
broken charged wake 'nobody asks for charged packets alone' 'EMPTY=(!nempty_bulk&&!datagrams)'
broken charged room 'one slot too many' 'ROOM=SUB(N+1,SUB(prod,cons))'
broken charged window 'one datagram too many' 'WINDOW_FITS=(held<=LIMIT)'

holds teardown 'two lives'
broken teardown live 'the state changes and no sender is waited for' SET_STATE_WAITS=false
broken teardown live 'the sender does not ask for the state' SENDER_ASKS=true
broken teardown port 'the watchdog does not ask for the state' WATCH_ASKS=true
broken teardown ring 'the peer is unmapped while the poll runs' UNMAP_FIRST
broken teardown port 'the port is closed while the poll runs' UNBIND_FIRST
broken teardown port 'the port is closed before the poll has had its last word' DELETE_POLL=skip
broken teardown port 'the poll is not stopped' STOP_POLL=skip
broken teardown leak 'the watchdog is not stopped' STOP_WATCH=skip
broken teardown ring 'close does not ask whether it was closed' CLOSE_ASKS=true
broken teardown once 'the port that unbinding closed is closed again' 'CLOSE_PORT=unbind();unbind()'
broken teardown fresh 'a new life begins with what was posted' RESET_TODO=skip
broken teardown leak 'the backlog stays' RETURN_BACKLOG=skip
broken teardown leak 'removal does not wait for senders' KILL_WAITS=skip
broken teardown wake 'the watchdog is waited for under tx_lock' 'STOP_WATCH=lock(tx_lock);stop_watch();unlock(tx_lock)'

holds connect 'nobody closes' NOBODY_CLOSES
holds connect 'either end may close'
holds connect 'two lives' LIVES=2 RECORDS=0
holds connect 'one end dies at any step' CRASH=0 RECORDS=0
holds connect 'an end offers anew in the same epoch' AGAIN=1 RECORDS=0
broken connect calm 'the first poll is not scheduled' START_POLL=skip
broken connect calm 'the poll starts before the state is mapped' START_BEFORE_STATE RECORDS=0
broken connect calm 'attach does not notify' ATTACH_NOTIFIES=skip RECORDS=0
broken connect calm 'close does not notify' CLOSE_NOTIFIES=skip
broken connect calm 'close does not ask for an event' CLOSE_ARMS=skip
broken connect kept 'close does not wait for what is in the rings' 'DRAINED=(SIDE(peer)==CLOSING)'
broken connect both 'live without a word from the peer' LIVE_ASKS=true NOBODY_CLOSES RECORDS=0
broken connect ours 'the number of the offer is not looked at' AGAIN=1 RECORDS=0 'LIVE_ASKS=(SIDE(peer)==IS_MAPPED)'
broken connect calm 'no look at a peer that has no event channel' RECORDS=0 WATCH_LOOKS=false
broken connect calm 'close waits for a peer that has not mapped it' RECORDS=0 DRAIN_ASKS=true
broken connect calm 'close asks who has mapped it before it says so' DRAIN_ASKED_FIRST
broken connect same 'the epoch in the page is not looked at' EPOCH_OK=true LIVES=2 RECORDS=0
broken connect gone 'the poll goes on while the peer is unmapped' STOP_POLL=skip
broken connect calm 'the word of a peer that closes is not followed' FOLLOW_CLOSING=false
broken connect settled 'dom0 does not tell of a death' HOST_TELLS=false CRASH=0 RECORDS=0

holds window '5 datagrams of 1 to 4, window of 3, 2 marks' K=5
holds window 'window of 5, 3 marks' LIMIT=5 MARKS=3 K=5
holds window 'all get in' LIVE K=4
broken window limit 'one too many' 'FITS=(!held||held+cost<=LIMIT+1)'
broken window done 'a datagram above the window waits for ever' LIVE 'FITS=(held+cost<=LIMIT)'
broken window late 'a run is given back at its last but one slot' 'RELEASES(end)=PAST(cons+1,end)'
broken window late 'the newest run grows and keeps its end' LIMIT=5 GROW_END=skip
broken window exact 'a run is given back one slot late' 'RELEASES(end)=(SUB(cons,end+1)<16)'
broken window enough 'half of the window is thought to be enough' 'GOAL=LIMIT'
broken window mark 'the index behind the one that helps' 'MARK=(at->mark_end[at-1]+1:prod)'
broken window wake 'no P9' P9=skip
broken window done 'no P9, in the long run' LIVE P9=skip

holds order '4 packets, two lives'
holds order '5 packets, one life' K=5 LIVES=1
holds order 'a ring of one packet, three lives' N=1 K=3 LIVES=3
holds order 'a marker is lost' LOST K=3
broken order order 'hooks that saw no channel are not waited for' HOOKS_ARE_DONE=true
broken order order 'hooks that saw the last life are not waited for' OLD_HOOKS_ARE_DONE=true
broken order order 'a discipline that holds packets is not waited for' DISCIPLINE_IS_EMPTY=true
broken order order 'packets are not held' STARTS=OPEN
broken order order 'one marker is enough' 'ALL_ARRIVED=(arrived[0]||arrived[1])'
broken order order 'markers of two lives count as one' COUNTS=true
broken order wake 'an older marker counts as newer' 'IS_NEWER=(n!=number)'
broken order order 'the answer to an older marker opens' 'IS_ANSWERED=(MARKER!=0)'
broken order drained 'who opens does not ask for the state' OPEN_ASKS=true
broken order order 'packets pass those in the backlog' GOES_BEHIND=false
broken order drained 'what was held goes back before the ring is empty' IS_TAKEN=true
broken order order 'a channel that goes does not hold' ENDS=CLOSED
broken order order 'packets are refused before what was held is back' 'BEFORE_RETURN=mode=CLOSED'
broken order once 'the poll does not lock' POLL_LOCKS=skip POLL_UNLOCKS=skip
broken order wake 'a marker is lost and nobody looks at the clock' LOST K=3 TIMES_OUT=false

holds negotiate 'allowed' CRASHES=0 CHANGES=0 LOSSES=0
holds negotiate 'withdrawn at any step' CRASHES=0 CHANGES=1 LOSSES=0
holds negotiate 'a daemon dies' CRASHES=1 CHANGES=0 LOSSES=0
holds negotiate 'an event is lost' CRASHES=0 CHANGES=0 LOSSES=1
holds negotiate 'a person takes a peer down and up again' CRASHES=0 CHANGES=0 LOSSES=0 HOLDS=2
holds negotiate 'all gets quiet' CRASHES=0 CHANGES=0 LOSSES=0 LIVE
broken negotiate epoch 'attach does not compare epochs' CRASHES=0 CHANGES=2 LOSSES=0 'ATTACH_ASKS=(kernel[peer]==OFFERED||kernel[peer]==MAPPED)'
broken negotiate present 'an offer is removed, and the kernel does not ask which was mapped' CRASHES=0 CHANGES=0 LOSSES=0 HOLDS=2 TAKE_BACK=own[me]=0 MAPPED_OURS=true
broken negotiate anew 'dom0 gives the same epoch again' CRASHES=0 CHANGES=2 LOSSES=0 'NEXT_EPOCH=last=1'
broken negotiate settled 'an event is lost and nobody looks again' CRASHES=0 CHANGES=2 PERIOD=false
broken negotiate policy 'a withdrawal is lost and nobody looks again' CRASHES=0 CHANGES=1 PERIOD=false
broken negotiate done 'no farewell to a life that failed' LIVE CRASHES=0 CHANGES=0 PERIOD=false FAREWELL=false
broken negotiate policy 'the announcement stays' CRASHES=0 LOSSES=0 PERIOD=false WITHDRAW=skip
broken negotiate policy 'the peer stays in the kernel' CRASHES=0 LOSSES=0 PERIOD=false PEER_GOES=false
broken negotiate done 'every life is over at once' CRASHES=0 CHANGES=0 LOSSES=0 LIVE ALWAYS_OVER=true 'NEXT_EPOCH=last=(last%3)+1'

holds suspend 'a restore at any step'
holds suspend 'a suspend that is cancelled' CANCELLED
broken suspend nothing 'tasks are not waited for' TASKS_STOP=true
broken suspend nothing 'tasks are not stopped' TASK_RUNS=true
broken suspend nothing 'freeze does not remove the peers' REMOVE=skip
broken suspend stale 'the epoch in the page is not looked at' PAGE_OK=true
broken suspend stale 'removal does not wait for the worker, which does not ask' DEAD_ASKS=true CANCEL_WORK=skip
broken suspend told 'nobody is told' ANNOUNCE=skip
broken suspend wake 'removal waits for the worker under its lock' 'CANCEL_WORK=lock(peer_lock);!worker_in;unlock(peer_lock)'

holds hostile 'any word at any moment, two lives'
broken hostile drawn 'live is entered from any state' LIVE_ASKS=true
broken hostile first 'every lie is told' FAULT_ONCE=true
broken hostile after 'the poll goes on after a lie' POLL_ASKS=true
broken hostile after 'what was checked is read again' READ_AGAIN
broken hostile bounded 'the poll has no budget' WITHIN_BUDGET=true
broken hostile held 'a peer that is removed keeps what it has' REMOVAL=skip
broken hostile wake 'closing waits for the peer alone' DRAIN_ENDS=false
