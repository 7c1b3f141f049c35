"""Who may use which address, and what they get: written and reviewed by hand, one line for each kind of object.

Columns: address, whose object, letters for GET, letters for POST (with an empty form). The letters stand in the order of
those who ask (tests/crawl.py): everybody for the first object of an address,

    supervisor specialist salesperson finance marketing department-head management administrator | nobody signed in |
    supervisor and salesperson of another project

the first five and management for further objects; supervisor, salesperson, management and the two of project B for the same page
of project B (`abroad`); supervisor and nobody where a method is not offered. What is not there, or lies in another project than
the address says, is no line: it is 404 for all who may use the function (`test_abuse_25_…`).

2 shown · 3 done and sent on · i to the sign-in · F forbidden (403) · - not found (404) · x not offered (405) ·
u form not complete (422) · c in conflict with where things stand (409) · v not ready (503) · '·' nobody asks
"""

TABLE = """
# The kernel's own pages. A request is read by its author, by those who see the project's requests (about accounts: who sees
# accounts), and by whoever may decide it. Messages are everybody's own; marking somebody else's changes nothing and says nothing.
# The background work is for those who keep the product running; what became of a form only for whoever sent it.
approval                             own        22-2--2-i--  uu-u--u-i--
approval                             marketing  22-222       uu-uuu
approval                             of_b       -----2       -----u
approval                             account    2----2       u----u
approval_decide                      ·          xi           uuuuuuuuiuu
approval_execute                     own        22-2--2-i--  cc-c--c-i--
approval_execute                     marketing  22-222       cc-ccc
approval_execute                     of_b       -----2       -----c
approval_execute                     account    2----2       c----c
approval_list                        ·          22222222i22  xi
approval_withdraw                    own        22-2--2-i--  F3-F--F-i--
approval_withdraw                    marketing  22-222       FF-F3F
approval_withdraw                    of_b       -----2       -----F
approval_withdraw                    account    2----2       F----F
background                           ·          2FFFFF22i2F  xi
background_again                     spent      2FFFFF22i2F  3FFFFF33i3F
healthz                              ·          22222222222  22222222222
home                                 ·          22222222i22  xi
inbox                                ·          22222222i22  xi
inbox_read                           mine       xi           33333333i33
inbox_read                           colleague  ·            333333
inbox_read_all                       ·          xi           33333333i33
# Everybody chooses for themselves where word of their messages goes; an empty form chooses nothing.
notice_way                           email      22222222i22  33333333i33
notice_way                           robot      222222       333333
notice_ways                          ·          22222222i22  xi
operation                            specialist -2------i--  xi
readyz                               ·          vvvvvvvvvvv  xx
search                               ·          22222222i22  xi

# Customers: the desk's all, a salesperson's own; management reads them masked. Finance knows their numbers from claims only.
enquiries:customer                   mine       222---2-i--  xi
enquiries:customer                   colleague  22---2       ·
enquiries:customer                   gone       222--2       ·
enquiries:customer                   gone_colleague  22---2  ·
enquiries:customer_change            mine       222---F-i--  uuu---F-i--
enquiries:customer_change            colleague  22---F       uu---F
enquiries:customer_dispute           ·          222FFFF-i--  uuuFFFF-i--
enquiries:customer_dispute           abroad     --F22        --Fuu
enquiries:customer_erase             mine       22F---F-i--  uuF---F-i--
enquiries:customer_erase             colleague  22---F       uu---F
enquiries:customer_facts             mine       222---F-i--  uuu---F-i--
enquiries:customer_facts             colleague  22---F       uu---F
enquiries:customer_merge             mine       22F---F-i--  uuF---F-i--
enquiries:customer_merge             colleague  22---F       uu---F
enquiries:customer_paper_add         mine       222---F-i--  uuu---F-i--
enquiries:customer_paper_add         colleague  22---F       uu---F
enquiries:customer_paper_remove      mine       222---F-i--  333---F-i--
enquiries:customer_paper_remove      colleague  22---F       33---F
enquiries:customer_phone_add         mine       222---F-i--  uuu---F-i--
enquiries:customer_phone_add         colleague  22---F       uu---F
enquiries:customer_phone_main        mine       222---F-i--  333---F-i--
enquiries:customer_phone_main        colleague  22---F       33---F
enquiries:customer_phone_remove      mine       222---F-i--  333---F-i--
enquiries:customer_phone_remove      colleague  22---F       33---F
enquiries:customer_transfer          mine       222---F-i--  uuu---F-i--
enquiries:customer_transfer          colleague  22---F       uu---F
# Lists of customers and calls are taken over by the desk; to everybody else an import is not there.
enquiries:intake                     preview    22------i--  xi
enquiries:intake_accept              preview    xi           uu------i--
enquiries:intake_again               preview    22------i--  uu------i--
enquiries:intake_discard             preview    22------i--  uu------i--
enquiries:intake_list                ·          22FFFFF-i--  xi
enquiries:intake_list                abroad     --F2F        ·
enquiries:intake_new                 ·          22FFFFF-i--  uuFFFFF-i--
enquiries:intake_new                 abroad     --F2F        --FuF
enquiries:intake_progress            preview    22------i--  xi
enquiries:intake_template            ·          22FFFFF-i--  xi
enquiries:intake_template            abroad     --F2F        ·
enquiries:intake_workbook            preview    22------i--  xi
enquiries:follow_up                  mine       222---F-i--  uuu---F-i--
enquiries:follow_up                  colleague  22---F       uu---F
enquiries:follow_ups_due             ·          222FFF2-i--  xi
enquiries:follow_ups_due             abroad     --222        ·
enquiries:customer_enter             ·          222FFFF-i--  uuuFFFF-i--
enquiries:customer_enter             abroad     --F22        --Fuu
enquiries:customer_list              ·          222FFF2-i--  xi
enquiries:customer_list              abroad     --222        ·
enquiries:customer_owner             mine       22F---F-i--  uuF---F-i--
enquiries:customer_owner             colleague  22---F       uu---F
enquiries:customer_reveal            mine       xi           uuu---F-i--
enquiries:customer_reveal            colleague  ·            uu---F
# Erasures: the desk asks, supervisor and management decide what the clock proposes.
enquiries:erasure                    own        22FFFF2-i--  xi
enquiries:erasure_due                ·          2FFFFF2-i--  uFFFFFu-i--
enquiries:erasure_due                abroad     --22F        --uuF
enquiries:erasure_list               ·          22FFFF2-i--  xi
enquiries:erasure_list               abroad     --22F        ·

# Viewings: the desk's all, a salesperson's own; management reads. The roster is the supervisor's. A calendar opens to its secret.
calendar_feed                        on         22222222222  xx
calendar_feed                        revoked    ------       ·
calendar_make                        ·          222FFF2Fi22  222FFF2Fi22
calendar_revoke                      ·          222FFF2Fi22  cccFFFcFicc
enquiries:roster                     ·          2FFFFFF-i--  uFFFFFF-i--
enquiries:roster                     abroad     --F2F        --FuF
enquiries:viewing                    mine       222---2-i--  xi
enquiries:viewing                    colleague  22---2       ·
enquiries:viewing_book               ·          222FFFF-i--  uuuFFFF-i--
enquiries:viewing_book               abroad     --F22        --Fuu
enquiries:viewing_cancel             mine       222---F-i--  uuu---F-i--
enquiries:viewing_cancel             colleague  22---F       uu---F
enquiries:viewing_confirm            mine       222---F-i--  333---F-i--
enquiries:viewing_confirm            colleague  22---F       33---F
enquiries:viewing_day                ·          222FFF2-i--  xi
enquiries:viewing_day                abroad     --222        ·
enquiries:viewing_list               ·          222FFF2-i--  xi
enquiries:viewing_list               abroad     --222        ·
enquiries:viewing_miss               mine       222---F-i--  uuu---F-i--
enquiries:viewing_miss               colleague  22---F       uu---F
enquiries:viewing_move               mine       222---F-i--  uuu---F-i--
enquiries:viewing_move               colleague  22---F       uu---F
enquiries:viewing_outcome            mine       222---F-i--  uuu---F-i--
enquiries:viewing_outcome            colleague  22---F       uu---F
enquiries:viewing_sheet              ·          22FFFF2-i--  xi
enquiries:viewing_sheet              abroad     --22F        ·
enquiries:viewing_week               ·          222FFF2-i--  xi
enquiries:viewing_week               abroad     --222        ·
my_day                               ·          FF2FFFFFiF2  Fi
# Calls: written by the desk, read by management too; a salesperson's own. Drafts are the desk's. What callers are told is read
# by everybody who works on the board and kept by the supervisor; figures are for supervisor and management.
enquiries:answers                    ·          22222F2-i--  xi
enquiries:answers                    abroad     --222        ·
enquiries:call                       mine       222---2-i--  xi
enquiries:call                       colleague  22---2       ·
enquiries:call_caller                ·          xi           22FFFFF-i--
enquiries:call_caller                abroad     ·            --F2F
enquiries:call_confirm               mine       FF2---F-i--  FF3---F-i--
enquiries:call_confirm               colleague  FF---F       FF---F
enquiries:call_discard               draft      22------i--  33------i--
enquiries:call_discard               mine       ------       ------
enquiries:call_draft                 ·          xi           uuFFFFF-i--
enquiries:call_draft                 abroad     ·            --FuF
enquiries:call_list                  ·          222FFF2-i--  xi
enquiries:call_list                  abroad     --222        ·
enquiries:call_measures              ·          2FFFFF2-i--  xi
enquiries:call_measures              abroad     --22F        ·
enquiries:call_new                   ·          22FFFFF-i--  uuFFFFF-i--
enquiries:call_new                   abroad     --F2F        --FuF
enquiries:call_resume                draft      22-FFF--i--  uu-FFF--i--
enquiries:call_resume                mine       ---FF-       ---FF-
enquiries:call_waiting               ·          222FFFF-i--  xi
enquiries:call_waiting               abroad     --F22        ·
enquiries:visit                      mine       222---2-i--  xi
enquiries:visit                      colleague  22---2       ·
enquiries:visit_list                 ·          222FFF2-i--  xi
enquiries:visit_list                 abroad     --222        ·
enquiries:visit_new                  ·          222FFFF-i--  uuuFFFF-i--
enquiries:visit_new                  abroad     --F22        --Fuu
enquiries:visit_judge                mine       2FF---F-i--  uFF---F-i--
enquiries:visit_judge                colleague  2F---F       uF---F
enquiries:rotation                   ·          222FFF2-i--  xi
enquiries:rotation                   abroad     --222        ·
enquiries:rotation_back              ·          22FFFFF-i--  uuFFFFF-i--
enquiries:rotation_back              abroad     --F2F        --FuF
enquiries:rotation_out               ·          22FFFFF-i--  uuFFFFF-i--
enquiries:rotation_out               abroad     --F2F        --FuF
enquiries:rotation_skip              ·          22FFFFF-i--  uuFFFFF-i--
enquiries:rotation_skip              abroad     --F2F        --FuF
enquiries:rotation_swap              ·          22FFFFF-i--  uuFFFFF-i--
enquiries:rotation_swap              abroad     --F2F        --FuF
enquiries:pre_report                 mine       222---2-i--  xi
enquiries:pre_report                 colleague  22---2       ·
enquiries:pre_report_list            ·          222FFF2-i--  xi
enquiries:pre_report_list            abroad     --222        ·
enquiries:pre_report_new             ·          22FFFFF-i--  uuFFFFF-i--
enquiries:pre_report_new             abroad     --F2F        --FuF
enquiries:pre_report_refuse          mine       22F---F-i--  uuF---F-i--
enquiries:pre_report_refuse          colleague  22---F       uu---F
enquiries:pre_report_reveal          mine       xi           uuu---F-i--
enquiries:pre_report_reveal          colleague  ·            uu---F
enquiries:talk                       valid      22222F2-i--  xi
enquiries:talk                       later      2-----       ·
enquiries:talk_change                valid      2FFFFFF-i--  uFFFFFF-i--
enquiries:talk_change                later      2-----       u-----
enquiries:talk_end                   valid      2FFFFFF-i--  3FFFFFF-i--
enquiries:talk_end                   later      2-----       3-----
enquiries:talk_list                  ·          22222F2-i--  xi
enquiries:talk_list                  abroad     --222        ·
enquiries:talk_new                   ·          2FFFFFF-i--  uFFFFFF-i--
enquiries:talk_new                   abroad     --F2F        --FuF

# Units, drafts and materials: a salesperson's own, a colleague's, a draft.
inventory:assign                     ·          2FFFFFF-i--  uFFFFFF-i--
inventory:assign                     abroad     --F2F        --FuF
inventory:drafts                     ·          22FF2FF-i--  uuFFuFF-i--
inventory:drafts                     abroad     --F2F        --FuF
inventory:layout                     own        22FF2FF-i--  xi
inventory:layout_edit                own        22FF2FF-i--  uuFFuFF-i--
inventory:layout_list                ·          22FF2FF-i--  xi
inventory:layout_list                abroad     --F2F        ·
inventory:layout_material_add        own        22FF2FF-i--  uuFFuFF-i--
inventory:layout_new                 ·          22FF2FF-i--  uuFFuFF-i--
inventory:layout_new                 abroad     --F2F        --FuF
inventory:material_file              mine       2222--2-i--  xi
inventory:material_file              colleague  22-2-2       ·
inventory:material_file              layout     222222       ·
inventory:material_file              draft      22----       ·
inventory:material_picture           mine       2222--2-i--  xi
inventory:material_picture           colleague  22-2-2       ·
inventory:material_picture           layout     222222       ·
inventory:material_picture           draft      22----       ·
inventory:material_remove            mine       22FF--F-i--  33FF--F-i--
inventory:material_remove            colleague  22-F-F       33-F-F
inventory:material_remove            layout     22FF2F       33FF3F
inventory:material_remove            draft      22----       33----
inventory:release                    ·          22FFFFF-i--  uuFFFFF-i--
inventory:release                    abroad     --F2F        --FuF
inventory:stack_fill                 draft      22------i--  uu------i--
inventory:stack_fill                 handed     cc--c-       cc--c-
inventory:stack_fill                 mine       ccFF-F       ccFF-F
inventory:unit                       mine       2222--2-i--  xi
inventory:unit                       colleague  22-2-2       ·
inventory:unit                       draft      22----       ·
inventory:unit_assign                mine       2FFF--F-i--  uFFF--F-i--
inventory:unit_assign                colleague  2F-F-F       uF-F-F
inventory:unit_assign                draft      2F----       uF----
inventory:unit_change                mine       22FF--F-i--  uuFF--F-i--
inventory:unit_change                colleague  22-F-F       uu-F-F
inventory:unit_change                draft      22----       uu----
inventory:unit_discard               draft      22------i--  cc------i--
inventory:unit_discard               handed     cc--c-       cc--c-
inventory:unit_discard               mine       ccFF-F       ccFF-F
inventory:unit_edit                  draft      22------i--  uu------i--
inventory:unit_edit                  handed     cc--c-       cc--c-
inventory:unit_edit                  mine       ccFF-F       ccFF-F
inventory:unit_enter                 ·          22FF2FF-i--  uuFFuFF-i--
inventory:unit_enter                 abroad     --F2F        --FuF
inventory:unit_list                  ·          22222F2-i--  xi
inventory:unit_list                  abroad     --222        ·
inventory:unit_material_add          mine       22FF--F-i--  uuFF--F-i--
inventory:unit_material_add          colleague  22-F-F       uu-F-F
inventory:unit_material_add          draft      22----       uu----
inventory:unit_release               mine       22FF--F-i--  uuFF--F-i--
inventory:unit_release               colleague  22-F-F       uu-F-F
inventory:unit_release               draft      22----       uu----
inventory:unit_withhold              mine       22FF--F-i--  uuFF--F-i--
inventory:unit_withhold              colleague  22-F-F       uu-F-F
inventory:unit_withhold              draft      22----       uu----
inventory:withhold                   ·          22FFFFF-i--  uuFFFFF-i--
inventory:withhold                   abroad     --F2F        --FuF

# Hand-overs: marketing's own, the desk's, another marketing person's, one that was read. Files that hold floor prices go only
# to who handed them over and to who may read floor prices.
inventory:batch                      marketing  22--2---i--  xi
inventory:batch                      desk       22----       ·
inventory:batch                      second     22----       ·
inventory:batch                      preview    22--2-       ·
inventory:batch_accept               marketing  xi           33--3---i--
inventory:batch_accept               desk       ·            33----
inventory:batch_accept               second     ·            33----
inventory:batch_accept               preview    ·            uu--u-
inventory:batch_again                marketing  22--2---i--  uu--u---i--
inventory:batch_again                desk       22----       uu----
inventory:batch_again                second     22----       uu----
inventory:batch_again                preview    22--2-       uu--u-
inventory:batch_approve              marketing  2F--F---i--  3F--F---i--
inventory:batch_approve              desk       2F----       cF----
inventory:batch_approve              second     2F----       cF----
inventory:batch_approve              preview    2F--F-       cF--F-
inventory:batch_columns              marketing  22--2---i--  uu--u---i--
inventory:batch_columns              desk       22----       uu----
inventory:batch_columns              second     22----       uu----
inventory:batch_columns              preview    22--2-       uu--u-
inventory:batch_discard              marketing  22--2---i--  uu--u---i--
inventory:batch_discard              desk       22----       uu----
inventory:batch_discard              second     22----       uu----
inventory:batch_discard              preview    22--2-       uu--u-
inventory:batch_file                 marketing  2F--2---i--  xi
inventory:batch_file                 desk       22----       ·
inventory:batch_file                 second     2F----       ·
inventory:batch_file                 preview    22--2-       ·
inventory:batch_list                 ·          22FF2FF-i--  xi
inventory:batch_list                 abroad     --F2F        ·
inventory:batch_new                  ·          22FF2FF-i--  uuFFuFF-i--
inventory:batch_new                  abroad     --F2F        --FuF
inventory:batch_progress             marketing  22--2---i--  xi
inventory:batch_progress             desk       22----       ·
inventory:batch_progress             second     22----       ·
inventory:batch_progress             preview    22--2-       ·
inventory:batch_return               marketing  2F--F---i--  uF--F---i--
inventory:batch_return               desk       2F----       uF----
inventory:batch_return               second     2F----       uF----
inventory:batch_return               preview    2F--F-       uF--F-
inventory:batch_return_units         marketing  xi           uF--F---i--
inventory:batch_return_units         desk       ·            uF----
inventory:batch_return_units         second     ·            uF----
inventory:batch_return_units         preview    ·            uF--F-
inventory:batch_review               marketing  22--2---i--  xi
inventory:batch_review               desk       22----       ·
inventory:batch_review               second     22----       ·
inventory:batch_review               preview    22--2-       ·
inventory:batch_submit               marketing  22--2---i--  uu--u---i--
inventory:batch_submit               desk       22----       uu----
inventory:batch_submit               second     22----       uu----
inventory:batch_submit               preview    22--2-       uu--u-
inventory:batch_workbook             marketing  2F--2---i--  xi
inventory:batch_workbook             desk       22----       ·
inventory:batch_workbook             second     2F----       ·
inventory:batch_workbook             preview    22--2-       ·

# Prices and discounts: the desk's list, a list of floor prices; a policy in force, an undecided one, marketing's.
inventory:discount                   open       22222-2-i--  xi
inventory:discount                   draft      22-2-2       ·
inventory:discount                   marketing  22-222       ·
inventory:discount_change            open       22FF2-F-i--  uuFFu-F-i--
inventory:discount_change            draft      22-F-F       uu-F-F
inventory:discount_change            marketing  22-F2F       uu-FuF
inventory:discount_edit              open       22FF2-F-i--  uuFFu-F-i--
inventory:discount_edit              draft      22-F-F       uu-F-F
inventory:discount_edit              marketing  22-F2F       uu-FuF
inventory:discount_end               open       2FFFF-F-i--  uFFFF-F-i--
inventory:discount_end               draft      2F-F-F       uF-F-F
inventory:discount_end               marketing  2F-FFF       uF-FFF
inventory:discount_new               ·          22FF2FF-i--  uuFFuFF-i--
inventory:discount_new               abroad     --F2F        --FuF
inventory:discounts                  ·          22222F2-i--  xi
inventory:discounts                  abroad     --222        ·
inventory:price_list                 desk       22-2--2-i--  xi
inventory:price_list                 floor      2--2-2       ·
inventory:price_list_adjust          desk       22-F--F-i--  uu-F--F-i--
inventory:price_list_adjust          floor      2--F-F       u--F-F
inventory:price_list_file            desk       22-F--F-i--  uu-F--F-i--
inventory:price_list_file            floor      2--F-F       u--F-F
inventory:price_list_head            desk       22-F--F-i--  uu-F--F-i--
inventory:price_list_head            floor      2--F-F       u--F-F
inventory:price_list_lines           desk       xi           uu-F--F-i--
inventory:price_list_lines           floor      ·            u--F-F
inventory:price_list_new             ·          22FF2FF-i--  uuFFuFF-i--
inventory:price_list_new             abroad     --F2F        --FuF
inventory:price_list_submit          desk       22-F--F-i--  uu-F--F-i--
inventory:price_list_submit          floor      2--F-F       u--F-F
inventory:price_list_template        desk       22-F--F-i--  xi
inventory:price_list_template        floor      2--F-F       ·
inventory:price_lists                ·          22F22F2-i--  xi
inventory:price_lists                abroad     --22F        ·

# The board: everybody with a look at units; the department head has none.
inventory:board                      ·          22222F2-i--  xi
inventory:board                      abroad     --222        ·
inventory:board_excel                ·          22F2FF2-i--  xi
inventory:board_excel                abroad     --22F        ·
inventory:board_panel                mine       2222-F2-i--  xi
inventory:board_panel                colleague  22-2-2       ·
inventory:board_panel                draft      22----       ·
inventory:board_past                 ·          22222F2-i--  xi
inventory:board_past                 abroad     --222        ·
inventory:board_print                ·          22222F2-i--  xi
inventory:board_print                abroad     --222        ·
inventory:board_state                ·          22222F2-i--  xi
inventory:board_state                abroad     --222        ·
inventory:board_changes              ·          22222F2-i--  xi
inventory:board_changes              abroad     --222        ·
inventory:board_skeleton             desk       22---F--i--  xi
inventory:board_prices               desk       22---F--i--  xi
inventory:board_wall                 ·          22222F2-i--  xi
inventory:board_wall                 abroad     --222        ·

# Emergency stops: the desk, finance and management read, supervisor and management stop, the desk asks to reopen. Locks of an
# opening event: the supervisor. Looks beyond one's rights: who may ask sees their own, who decides sees all.
inventory:access                     ·          2222FF2-i--  xi
inventory:access                     abroad     --222        ·
inventory:access_ask                 ·          2222FFF-i--  uuuuFFF-i--
inventory:access_ask                 abroad     --F22        --Fuu
inventory:access_end                 colleague  2-----2-i--  3-----3-i--
inventory:access_end                 mine       2-2--2       3-3--3
inventory:lock                       ·          2FFFFFF-i--  uFFFFFF-i--
inventory:lock                       abroad     --F2F        --FuF
inventory:stop_new                   ·          2FFFFF2-i--  uFFFFFu-i--
inventory:stop_new                   abroad     --22F        --uuF
inventory:stop_reopen                own        22FFFFF-i--  uuFFFFF-i--
inventory:stops                      ·          22F2FF2-i--  xi
inventory:stops                      abroad     --22F        ·
inventory:unit_lock                  mine       2FFF--F-i--  uFFF--F-i--
inventory:unit_lock                  colleague  2F-F-F       uF-F-F
inventory:unit_lock                  draft      2F----       uF----
inventory:unit_unlock                mine       2FFF--F-i--  uFFF--F-i--
inventory:unit_unlock                colleague  2F-F-F       uF-F-F
inventory:unit_unlock                draft      2F----       uF----
inventory:unlock                     ·          2FFFFFF-i--  uFFFFFF-i--
inventory:unlock                     abroad     --F2F        --FuF

# Claims: a salesperson's own, a colleague's; the desk holds, salespeople ask. Finance and management read.
contracts:hold                       mine       2222--2-i--  xi
contracts:hold                       colleague  22-2-2       ·
contracts:hold_complete              mine       22FF--F-i--  uuFF--F-i--
contracts:hold_complete              colleague  22-F-F       uu-F-F
contracts:hold_extend                mine       22FF--F-i--  uuFF--F-i--
contracts:hold_extend                colleague  22-F-F       uu-F-F
contracts:hold_list                  ·          2222FF2-i--  xi
contracts:hold_list                  abroad     --222        ·
contracts:hold_place                 mine       22FF--F-i--  uuFF--F-i--
contracts:hold_place                 colleague  22-F-F       uu-F-F
contracts:hold_place                 draft      22----       uu----
contracts:hold_release               mine       22FF--F-i--  uuFF--F-i--
contracts:hold_release               colleague  22-F-F       uu-F-F
contracts:offer_take                 mine       22FF--F-i--  uuFF--F-i--
contracts:offer_take                 colleague  22-F-F       uu-F-F
contracts:release_ask                mine       FF2F--F-i--  FFuF--F-i--
contracts:release_ask                colleague  FF-F-F       FF-F-F
contracts:request                    mine       2222--2-i--  xi
contracts:request                    colleague  22-2-2       ·
contracts:request_list               ·          2222FF2-i--  xi
contracts:request_list               abroad     --222        ·
contracts:request_new                mine       FF2F--F-i--  FFuF--F-i--
contracts:request_new                colleague  FF-F-F       FF-F-F
contracts:request_new                draft      FF----       FF----
contracts:request_reject             mine       22FF--F-i--  uuFF--F-i--
contracts:request_reject             colleague  22-F-F       uu-F-F
contracts:request_withdraw           mine       FF2F--F-i--  FFuF--F-i--
contracts:request_withdraw           colleague  FF-F-F       FF-F-F
contracts:waiting_join               mine       222F--F-i--  uuuF--F-i--
contracts:waiting_join               colleague  22-F-F       uu-F-F
contracts:waiting_join               draft      22----       uu----
contracts:waiting_leave              mine       222F--F-i--  uuuF--F-i--
contracts:waiting_leave              colleague  22-F-F       uu-F-F
contracts:waiting_list               mine       22F2--2-i--  xi
contracts:waiting_list               colleague  22-2-2       ·
contracts:waiting_list               draft      22----       ·
contracts:wish_new                   ·          FF2FFFF-i--  FFuFFFF-i--
contracts:wish_new                   abroad     --FF2        --FFu

# Subscriptions: the desk writes, the supervisor decides; a salesperson reads their own, finance and management read.
sales:document_receive               mine       22FF--F-i--  uuFF--F-i--
sales:document_receive               colleague  22-F-F       uu-F-F
sales:document_undo                  mine       22FF--F-i--  uuFF--F-i--
sales:document_undo                  colleague  22-F-F       uu-F-F
sales:document_waive                 mine       22FF--F-i--  uuFF--F-i--
sales:document_waive                 colleague  22-F-F       uu-F-F
sales:subscription                   mine       2222--2-i--  xi
sales:subscription                   colleague  22-2-2       ·
sales:subscription_activate          mine       22FF--F-i--  uuFF--F-i--
sales:subscription_activate          colleague  22-F-F       uu-F-F
sales:subscription_discard           mine       22FF--F-i--  uuFF--F-i--
sales:subscription_discard           colleague  22-F-F       uu-F-F
sales:subscription_edit              mine       22FF--F-i--  uuFF--F-i--
sales:subscription_edit              colleague  22-F-F       uu-F-F
sales:subscription_end               mine       22FF--F-i--  uuFF--F-i--
sales:subscription_end               colleague  22-F-F       uu-F-F
sales:subscription_extend            mine       22FF--F-i--  uuFF--F-i--
sales:subscription_extend            colleague  22-F-F       uu-F-F
sales:subscription_lapse             mine       2FFF--F-i--  uFFF--F-i--
sales:subscription_lapse             colleague  2F-F-F       uF-F-F
sales:subscription_list              ·          2222FF2-i--  xi
sales:subscription_list              abroad     --222        ·
sales:subscription_new               mine       22FF--F-i--  uuFF--F-i--
sales:subscription_new               colleague  22-F-F       uu-F-F
sales:subscription_new               draft      22----       uu----
sales:subscription_top_up            mine       22FF--F-i--  uuFF--F-i--
sales:subscription_top_up            colleague  22-F-F       uu-F-F
sales:subscription_void              mine       2FFF--F-i--  uFFF--F-i--
sales:subscription_void              colleague  2F-F-F       uF-F-F
sales:subscription_warn              mine       22FF--F-i--  uuFF--F-i--
sales:subscription_warn              colleague  22-F-F       uu-F-F
# Quotations: whoever may sell makes them on units they see; a salesperson reads their own, finance and management read all.
sales:quotation                      mine       2222--2-i--  xi
sales:quotation                      colleague  22-2-2       ·
sales:quotation_ask                  mine       222F--F-i--  uuuF--F-i--
sales:quotation_ask                  colleague  22-F-F       uu-F-F
sales:quotation_file                 mine       2222--2-i--  xi
sales:quotation_file                 colleague  22-2-2       ·
sales:quotation_list                 ·          2222FF2-i--  xi
sales:quotation_list                 abroad     --222        ·
sales:quotation_new                  mine       222F--F-i--  uuuF--F-i--
sales:quotation_new                  colleague  22-F-F       uu-F-F
sales:quotation_new                  draft      22----       uu----
sales:quotation_withdraw             mine       222F--F-i--  uuuF--F-i--
sales:quotation_withdraw             colleague  22-F-F       uu-F-F
# Sales: contracts and stories, a salesperson's own, a colleague's; the desk writes, the supervisor makes void; finance and management
# read. The list of numbers is the desk's and theirs.
sales:contract                       mine       2222--2-i--  xi
sales:contract                       colleague  22-2-2       ·
sales:contract_details               mine       22FF--F-i--  uuFF--F-i--
sales:contract_details               colleague  22-F-F       uu-F-F
sales:contract_discard               mine       22FF--F-i--  uuFF--F-i--
sales:contract_discard               colleague  22-F-F       uu-F-F
sales:contract_edit                  mine       22FF--F-i--  uuFF--F-i--
sales:contract_edit                  colleague  22-F-F       uu-F-F
sales:contract_file                  mine       22FF--F-i--  uuFF--F-i--
sales:contract_file                  colleague  22-F-F       uu-F-F
sales:contract_hand_over             mine       22FF--F-i--  uuFF--F-i--
sales:contract_hand_over             colleague  22-F-F       uu-F-F
sales:contract_list                  ·          2222FF2-i--  xi
sales:contract_list                  abroad     --222        ·
sales:contract_new                   mine       22FF--F-i--  uuFF--F-i--
sales:contract_new                   colleague  22-F-F       uu-F-F
sales:contract_overdue               ·          2222FF2-i--  xi
sales:contract_overdue               abroad     --222        ·
sales:contract_sign                  mine       22FF--F-i--  uuFF--F-i--
sales:contract_sign                  colleague  22-F-F       uu-F-F
sales:contract_void                  mine       2FFF--F-i--  uFFF--F-i--
sales:contract_void                  colleague  2F-F-F       uF-F-F
sales:contract_void_hand_over        mine       2FFF--F-i--  uFFF--F-i--
sales:contract_void_hand_over        colleague  2F-F-F       uF-F-F
sales:milestone                      mine       22FF--F-i--  uuFF--F-i--
sales:milestone                      colleague  22-F-F       uu-F-F
sales:number_list                    ·          22F2FF2-i--  xi
sales:number_list                    abroad     --22F        ·
sales:trade                          mine       2222--2-i--  xi
sales:trade                          colleague  22-2-2       ·
# Changes of sales: a salesperson reads their own; the desk requests and executes, who decides chooses what the unit becomes, the
# supervisor confirms the price after the refund of a contract.
# Lists of surveyed areas are the desk's; who reads every sale of the project reads them. The letters name buyers in full.
sales:area_batch                     own        22-2--2-i--  xi
sales:area_batch_execute             own        22-F--F-i--  uu-F--F-i--
sales:area_batch_file                own        cc-F--F-i--  xi
sales:area_batch_letters             own        22-F--F-i--  uu-F--F-i--
sales:area_batch_new                 ·          22FFFFF-i--  uuFFFFF-i--
sales:area_batch_new                 abroad     --F2F        --FuF
sales:area_batch_withdraw            own        22-F--F-i--  uu-F--F-i--
sales:change                         mine       2222--2-i--  xi
sales:change                         colleague  22-2-2       ·
sales:change_confirm                 mine       2FFF--F-i--  uFFF--F-i--
sales:change_confirm                 colleague  2F-F-F       uF-F-F
sales:change_execute                 mine       22FF--F-i--  uuFF--F-i--
sales:change_execute                 colleague  22-F-F       uu-F-F
sales:change_list                    ·          2222FF2-i--  xi
sales:change_list                    abroad     --222        ·
sales:change_new                     mine       22FF--F-i--  uuFF--F-i--
sales:change_new                     colleague  22-F-F       uu-F-F
sales:change_release                 mine       22F2--2-i--  uuFu--u-i--
sales:change_release                 colleague  22-2-2       uu-u-u
sales:change_submit                  mine       22FF--F-i--  uuFF--F-i--
sales:change_submit                  colleague  22-F-F       uu-F-F
sales:change_void                    mine       22FF--F-i--  uuFF--F-i--
sales:change_void                    colleague  22-F-F       uu-F-F
sales:change_withdraw                mine       22FF--F-i--  uuFF--F-i--
sales:change_withdraw                colleague  22-F-F       uu-F-F

# A project's own pages: its supervisor. The company's projects: management.
company:project_list                 ·          FFFFFF2FiFF  Fi
company:project_open                 ·          FFFFFF2FiFF  FFFFFFuFiFF
inventory:building_edit              own        2FFFFFF-i--  uFFFFFF-i--
inventory:building_new               ·          2FFFFFF-i--  uFFFFFF-i--
inventory:building_new               abroad     --F2F        --FuF
inventory:permit_edit                own        2FFFFFF-i--  uFFFFFF-i--
inventory:permit_new                 ·          2FFFFFF-i--  uFFFFFF-i--
inventory:permit_new                 abroad     --F2F        --FuF
inventory:displays                   ·          2FFFFFF-i--  xi
inventory:displays                   abroad     --F2F        ·
inventory:display_new                ·          2FFFFFF-i--  uFFFFFF-i--
inventory:display_new                abroad     --F2F        --FuF
inventory:display_revoke             own        2FFFFFF-i--  3FFFFFF-i--
display                              on         22222222222  xx
display                              revoked    ------       ·
display_changes                      on         22222222222  xx
display_changes                      revoked    ------       ·
inventory:phase_edit                 own        2FFFFFF-i--  uFFFFFF-i--
inventory:phase_new                  ·          2FFFFFF-i--  uFFFFFF-i--
inventory:phase_new                  abroad     --F2F        --FuF
inventory:project_edit               ·          2FFFFFF-i--  uFFFFFF-i--
inventory:project_edit               abroad     --F2F        --FuF
inventory:project_robot              ·          2FFFFFF-i--  3FFFFFF-i--
inventory:project_robot              abroad     --F2F        --F3F
inventory:project_settings           ·          2FFFFFF-i--  xi
inventory:project_settings           abroad     --F2F        ·
inventory:review_rules               ·          2FFFFFF-i--  3FFFFFF-i--
inventory:review_rules               abroad     --F2F        --F3F
inventory:team_edit                  own        2FFFFFF-i--  uFFFFFF-i--
inventory:team_new                   ·          2FFFFFF-i--  uFFFFFF-i--
inventory:team_new                   abroad     --F2F        --FuF

# People: the administrator proposes, supervisors and management look. One's own page: everybody signed in.
security:account                     colleague  2-----22i--  xi
security:account                     of_b       -----2       ·
security:account_change              colleague  F-----F2i--  F-----Fui--
security:account_change              of_b       -----F       -----F
security:account_close               colleague  F-----F2i--  F-----Fui--
security:account_close               of_b       -----F       -----F
security:account_link                colleague  F-----F2i--  F-----F2i--
security:account_link                of_b       -----F       -----F
security:account_list                ·          2FFFFF22i2F  xi
security:account_open                ·          FFFFFFF2iFF  FFFFFFFuiFF
security:account_reopen              colleague  F-----F2i--  F-----Fui--
security:account_reopen              of_b       -----F       -----F
security:account_roles               colleague  F-----F2i--  F-----Fui--
security:account_roles               of_b       -----F       -----F
security:account_second_factor       colleague  F-----F2i--  F-----Fui--
security:account_second_factor       of_b       -----F       -----F
security:account_suspend             colleague  F-----F2i--  F-----Fui--
security:account_suspend             of_b       -----F       -----F
security:check_now                   ·          2FFFFF22i2F  3FFFFF33i3F
security:consistency                 ·          2FFFFF22i2F  xi
security:deputies                    ·          22222222i22  xi
security:deputy_end                  own        2--2--2-i--  3--3--3-i--
security:deputy_name                 ·          2FFFFFFFi2F  uFFFFFFFiuF
security:freeze_lift                 frozen     2F-F--F-i--  uF-F--F-i--
security:holiday_add                 ·          FFFFFFF2iFF  FFFFFFFuiFF
security:holiday_edit                one        FFFFFFF2iFF  FFFFFFFuiFF
security:holiday_remove              one        FFFFFFF2iFF  FFFFFFF3iFF
security:holidays                    ·          FFFFFFF2iFF  FFFFFFF3iFF
security:language                    ·          xx           33333333333
security:me                          ·          22222222i22  xi
security:one_time                    live       22222222222  uuuuuuuuuuu
security:seen                        ·          2FFFFF2Fi2F  xi
security:session_end                 colleague  -------2i--  -------3i--
security:password                    ·          22222222i22  uuuuuuuuiuu
security:project_setting_reset       ·          2FFFFFF-i--  cFFFFFF-i--
security:project_setting_reset       abroad     --F2F        --FcF
security:project_settings            ·          2FFFFFF-i--  uFFFFFF-i--
security:project_settings            abroad     --F2F        --FuF
security:project_settings_history    ·          2FFFFFF-i--  xi
security:project_settings_history    abroad     --F2F        ·
security:second_factor               ·          iiiiiiiiiii  iiiiiiiiiii
security:second_factor_remove        ·          22222222i22  uuuuuuuuiuu
security:second_factor_set           ·          22222222i22  uuuuuuuuiuu
security:sessions                    ·          22222222i22  33333333i33
security:settings                    ·          FFFFFFF2iFF  FFFFFFFuiFF
security:settings_history            ·          FFFFFFF2iFF  Fi
security:sign_in                     ·          33333333233  uuuuuuuuuuu
security:sign_out                    ·          xx           iiiiiiiiiii
security:trail                       ·          2FFFFF2Fi2F  xi

# Sales from before this system was used: the supervisor's.
sales:past_import                    preview    2-------i--  xi
sales:past_import_accept             preview    xi           u-------i--
sales:past_import_discard            preview    2-------i--  u-------i--
sales:past_import_list               ·          2FFFFFF-i--  xi
sales:past_import_list               abroad     --F2F        ·
sales:past_import_new                ·          2FFFFFF-i--  uFFFFFF-i--
sales:past_import_new                abroad     --F2F        --FuF
sales:past_import_progress           preview    2-------i--  xi
# Papers of trades and quotations: read with them; opened by whoever may see buyers in full. Templates are the supervisor's; the stock
# of blank forms is the desk's, read by finance and management too.
sales:form_give_out                  ·          22FFFFF-i--  uuFFFFF-i--
sales:form_give_out                  abroad     --F2F        --FuF
sales:form_list                      ·          22F2FF2-i--  xi
sales:form_list                      abroad     --22F        ·
sales:form_mark                      ·          22FFFFF-i--  uuFFFFF-i--
sales:form_mark                      abroad     --F2F        --FuF
sales:form_take_in                   ·          22FFFFF-i--  uuFFFFF-i--
sales:form_take_in                   abroad     --F2F        --FuF
sales:paper                          mine       2222--2-i--  xi
sales:paper                          colleague  22-2-2       ·
sales:paper_file                     mine       222F--F-i--  xi
sales:paper_file                     colleague  22-F-F       ·
sales:paper_list                     mine       2222--2-i--  xi
sales:paper_list                     colleague  22-2-2       ·
sales:paper_make                     mine       22FF--F-i--  uuFF--F-i--
sales:paper_make                     colleague  22-F-F       uu-F-F
sales:paper_print                    mine       222F--F-i--  xi
sales:paper_print                    colleague  22-F-F       ·
sales:paper_scan                     mine       222F--F-i--  xi
sales:paper_scan                     colleague  22-F-F       ·
sales:paper_sign                     mine       22FF--F-i--  uuFF--F-i--
sales:paper_sign                     colleague  22-F-F       uu-F-F
sales:quotation_paper_list           mine       2222--2-i--  xi
sales:quotation_paper_list           colleague  22-2-2       ·
sales:quotation_paper_make           mine       222F--F-i--  uuuF--F-i--
sales:quotation_paper_make           colleague  22-F-F       uu-F-F
sales:template                       own        2FFFFFF-i--  xi
sales:template_enforce               own        2FFFFFF-i--  uFFFFFF-i--
sales:template_fields                ·          2FFFFFF-i--  xi
sales:template_fields                abroad     --F2F        ·
sales:template_file                  own        2FFFFFF-i--  xi
sales:template_list                  ·          2FFFFFF-i--  xi
sales:template_list                  abroad     --F2F        ·
sales:template_own                   ·          2FFFFFF-i--  xi
sales:template_own                   abroad     --F2F        ·
sales:template_preview               own        2FFFFFF-i--  xi
sales:template_upload                ·          2FFFFFF-i--  uFFFFFF-i--
sales:template_upload                abroad     --F2F        --FuF
"""


def _read(text: str) -> dict[str, dict[str, tuple[str, str]]]:
    found: dict[str, dict[str, tuple[str, str]]] = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            name, kind, get, post = line.split()
            found.setdefault(name, {})["" if kind == "·" else kind] = (get, post)
    return found


EXPECTED = _read(TABLE)
